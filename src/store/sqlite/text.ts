/**
 * Any JavaScript string as TEXT, and exactly that string back.
 *
 * SQLite keeps U+0000 (`node:sqlite` binds with the length), but TEXT is UTF-8, which has no lone surrogates: each
 * would come back as U+FFFD, and two ids could become one. Such a string is stored as ESC and its JSON form; so is
 * one that begins with ESC, hence no two strings share a stored form.
 */
export const ESCAPE = '\u001b'

export function toText(value: string): string {
  return value.isWellFormed() && !value.startsWith(ESCAPE) ? value : ESCAPE + JSON.stringify(value)
}

/** What no `toText` wrote is taken as it is: one bad row must not keep others from being read. */
export function fromText(stored: string): string {
  return stored.startsWith(ESCAPE) ? (unescaped(stored.slice(1)) ?? stored) : stored
}

function unescaped(json: string): string | undefined {
  try {
    const value: unknown = JSON.parse(json)
    return typeof value === 'string' ? value : undefined
  } catch {
    return undefined
  }
}

export function toNullable(value: string | undefined): string | null {
  return value === undefined ? null : toText(value)
}

export function fromNullable(stored: string | null): string | undefined {
  return stored === null ? undefined : fromText(stored)
}
