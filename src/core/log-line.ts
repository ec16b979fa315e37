import { inspect, styleText } from 'node:util'
import { messageOf } from './errors.ts'
import type { LogFields, Logger } from './ports/logger.ts'
import { printable } from './printable.ts'

export interface LogRecord {
  readonly level: keyof Logger
  readonly at: Date
  readonly message: string
  readonly fields: LogFields | undefined
}

type Style = Parameters<typeof styleText>[0]

const LEVELS: Readonly<Record<keyof Logger, Style>> = {
  debug: 'gray',
  info: 'cyan',
  warn: 'yellow',
  error: 'red',
}

/** Enough to know a value again, in one line. */
const BRIEF = {
  depth: 3,
  breakLength: Number.POSITIVE_INFINITY,
  compact: true,
  maxArrayLength: 20,
  maxStringLength: 300,
}

/** Of a value: `inspect` shows every property of an object. */
const MOST_CHARACTERS = 2000

const MOST_FIELDS = 50

/** Of an error, one behind the other; and of those that an `AggregateError` has. */
const MOST_CAUSES = 5

/**
 * A message for people, in one line: `10:15:02.481 warn  [checkout order-17 › charge] declined amount=12 card='Visa 4'`. Where an
 * error came from follows in lines of its own. Nothing in it is obeyed by a terminal. Never throws.
 */
export function logLine({ level, at, message, fields = {} }: LogRecord, colors: boolean): string {
  const styled = (style: Style, text: string): string =>
    colors ? styleText(style, text, { validateStream: false }) : text
  const { place, rest } = placed(fields)
  const shown = rest.slice(0, MOST_FIELDS)
  const parts = [
    styled('gray', timeOf(at)),
    styled(LEVELS[level], level.padEnd(5)),
    ...(place === '' ? [] : [styled('gray', `[${place}]`)]),
    typeof message === 'string' ? printable(message) : brief(message),
    ...shown.map(([name, value]) => `${styled('gray', `${printable(name)}=`)}${valueText(value)}`),
    ...(rest.length > shown.length ? [styled('gray', `and ${rest.length - shown.length} more fields`)] : []),
  ]
  const frames = shown.flatMap(([, value]) => framesOf(value)).map((line) => styled('gray', `    ${line}`))
  return [parts.join(' '), ...frames].join('\n')
}

function timeOf(at: Date): string {
  const two = (n: number): string => `${n}`.padStart(2, '0')
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':')
  return `${time}.${`${at.getMilliseconds()}`.padStart(3, '0')}`
}

/** What the runtime adds says where the message is from; a first attempt goes without saying. */
function placed(fields: LogFields): { place: string; rest: [string, unknown][] } {
  const { workflow, run, key, step, attempt } = fields
  const place = [words(workflow, run), words(key ?? step)].filter((part) => part !== '').join(' › ')
  const said = (name: string, value: unknown): boolean =>
    name === 'attempt' ? attempt === 1 : PLACE.has(name) && typeof value === 'string'
  return {
    place: printable(place),
    rest: Object.entries(fields).filter(([name, value]) => !said(name, value)),
  }
}

const PLACE: ReadonlySet<string> = new Set(['workflow', 'run', 'key', 'step'])

function words(...given: readonly unknown[]): string {
  return given.filter((one) => typeof one === 'string').join(' ')
}

function valueText(value: unknown): string {
  if (typeof value === 'string' && /^[\w@%+:,./-]{1,100}$/.test(value)) return value
  return isError(value) ? brief(headOf(value)) : brief(value)
}

/** `inspect` asks no getter, and knows cycles; but a value may have an `inspect` of its own. */
function brief(value: unknown): string {
  try {
    const text = printable(inspect(value, BRIEF))
    return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text
  } catch (error) {
    return `(cannot be shown: ${printable(messageOf(error))})`
  }
}

function isError(value: unknown): value is Error {
  try {
    return value instanceof Error
  } catch {
    return false // a proxy that throws
  }
}

function headOf(error: Error): string {
  try {
    return `${error.name}: ${error.message}`
  } catch {
    return messageOf(error)
  }
}

/** Of an `AggregateError`, as `any` rejects with. */
function partsOf(error: Error): readonly unknown[] {
  const { errors } = error as Partial<AggregateError>
  return Array.isArray(errors) ? errors.slice(0, MOST_CAUSES) : []
}

/** Where an error came from, what it is made of, and what caused it. */
function framesOf(value: unknown): string[] {
  const lines: string[] = []
  try {
    for (let error = value, depth = 0; isError(error) && depth < MOST_CAUSES; error = error.cause, depth++) {
      if (depth > 0) lines.push(`caused by ${printable(headOf(error))}`)
      const frames = `${error.stack}`.split('\n').filter((line) => /^\s+at /.test(line))
      lines.push(...frames.map((line) => printable(line.trim())))
      for (const one of partsOf(error)) lines.push(`one of them: ${brief(isError(one) ? headOf(one) : one)}`)
    }
  } catch {
    // An error whose properties throw: what was read is all there is.
  }
  return lines
}
