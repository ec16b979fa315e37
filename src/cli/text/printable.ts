import { printable, UNPRINTABLE } from '../../core/printable.ts'

export { printable, printableLines } from '../../core/printable.ts'

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

/** As bash and zsh read it between `$'` and `'`. */
function ansiC(char: string): string {
  return String.raw`\u${hex(char).padStart(4, '0')}`
}

function hex(char: string): string {
  return char.charCodeAt(0).toString(16)
}
