import { inspect } from 'node:util'
import { messageOf } from '../../core/errors.ts'
import { printableLines } from '../text/printable.ts'

export interface ReadableOptions {
  readonly colors: boolean
  /** Columns to break long values at. */
  readonly width: number | undefined
  /** Everything, however long. */
  readonly whole: boolean
}

const ABRIDGED = { depth: 5, maxArrayLength: 30, maxStringLength: 2000 }
const WHOLE = { depth: null, maxArrayLength: null, maxStringLength: null }

/** A value for people to read: what the Node.js prompt would show. */
export function readable(value: unknown, { colors, width, whole }: ReadableOptions): string {
  const limits = whole ? WHOLE : ABRIDGED
  try {
    return printable(
      inspect(value, { colors, breakLength: Math.max(40, (width ?? 100) - 4), ...limits }),
      colors,
    )
  } catch (error) {
    return `(a value that cannot be shown: ${messageOf(error)})`
  }
}

// oxlint-disable-next-line no-control-regex -- colours begin with one
const COLOUR = /(\u001b\[\d+m)/

/** `inspect` escapes what is in strings, but not the messages and stacks of errors. Its own colours stay. */
function printable(text: string, colors: boolean): string {
  if (!colors) return printableLines(text)
  return text
    .split(COLOUR)
    .map((part, at) => (at % 2 === 1 ? part : printableLines(part)))
    .join('')
}
