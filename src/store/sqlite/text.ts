/**
 * Any JavaScript string as TEXT, and exactly that string back.
 *
 * SQLite keeps U+0000 (`node:sqlite` binds with the length), but TEXT is UTF-8, which has no lone surrogates: each
 * would come back as U+FFFD, and two ids could become one. Such a string is stored as ESC and its JSON form; so is
 * one that begins with ESC, hence no two strings share a stored form.
 */
const ESCAPE = '\u001b'

export function toText(value: string): string {
  return value.isWellFormed() && !value.startsWith(ESCAPE) ? value : ESCAPE + JSON.stringify(value)
}

export function fromText(stored: string): string {
  return stored.startsWith(ESCAPE) ? (JSON.parse(stored.slice(1)) as string) : stored
}

export function toNullable(value: string | undefined): string | null {
  return value === undefined ? null : toText(value)
}

export function fromNullable(stored: string | null): string | undefined {
  return stored === null ? undefined : fromText(stored)
}
