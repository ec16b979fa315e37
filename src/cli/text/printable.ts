/*
 * Names and ids may hold anything, and what is printed goes to a terminal: a control character in a run's id must
 * not move the cursor, and an id in a hint must survive being pasted into a shell.
 */
// oxlint-disable-next-line no-control-regex -- control characters are exactly what it must find
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g

/** One line, without anything that a terminal would obey. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escape)
}

/** The same for text that may have lines and tabs. */
export function printableLines(text: string): string {
  return text.replace(UNPRINTABLE, (char) => (char === '\n' || char === '\t' ? char : escape(char)))
}

/** Longer messages are cut: `--verbose` and `--json` show all of them. */
const LONGEST_MESSAGE = 2000

/** A message of several lines in one, not longer than a screen. */
export function oneLine(text: string): string {
  const line = printable(
    text
      .slice(0, LONGEST_MESSAGE)
      .replace(/\s*\n\s*/g, ' ')
      .trim(),
  )
  return text.length > LONGEST_MESSAGE
    ? `${line}… (${text.length.toLocaleString('en')} characters in all)`
    : line
}

/** As an argument of a shell command. */
export function shellWord(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text
  if (printable(text) === text) return `'${text.replaceAll("'", String.raw`'\''`)}'`
  const escaped = text.replace(/[\\']/g, String.raw`\$&`).replace(UNPRINTABLE, ansiC)
  return `$'${escaped}'`
}

function escape(char: string): string {
  if (char === '\n') return String.raw`\n`
  if (char === '\t') return String.raw`\t`
  return String.raw`\u{${hex(char)}}`
}

/** As bash and zsh read it between `$'` and `'`. */
function ansiC(char: string): string {
  return String.raw`\u${hex(char).padStart(4, '0')}`
}

function hex(char: string): string {
  return char.charCodeAt(0).toString(16)
}
