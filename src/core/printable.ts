/*
 * Names, ids and messages may hold anything, and what is printed goes to a terminal: a control character in a run's id
 * must not move the cursor.
 */
export const UNPRINTABLE: RegExp =
  // oxlint-disable-next-line no-control-regex -- control characters are exactly what it must find
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g

/** One line, without anything that a terminal would obey. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escape)
}

/** The same for text that may have lines and tabs. */
export function printableLines(text: string): string {
  return text.replace(UNPRINTABLE, (char) => (char === '\n' || char === '\t' ? char : escape(char)))
}

function escape(char: string): string {
  if (char === '\n') return String.raw`\n`
  if (char === '\t') return String.raw`\t`
  return String.raw`\u{${char.charCodeAt(0).toString(16)}}`
}
