/** Names, ids and values may hold anything: what would turn text around, or hide in it, is shown as what it is. */

const HIDDEN =
  // oxlint-disable-next-line no-control-regex -- control characters are exactly what it must find
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]/g

/** Lines and tabs stay. */
export function shown(text: string): string {
  return text.replace(HIDDEN, escaped)
}

/** In one line. */
export function shownName(text: string): string {
  return shown(text).replace(/[\n\t]/g, escaped)
}

function escaped(char: string): string {
  if (char === '\n') return String.raw`\n`
  if (char === '\t') return String.raw`\t`
  return String.raw`\u{${char.charCodeAt(0).toString(16)}}`
}
