import { linesTo } from './console-logger.ts'
import { loggerOf } from './log-wrappers.ts'
import type { LogFields, Logger } from './ports/logger.ts'

/** How pino and bunyan are called. */
type FieldsFirst = Record<keyof Logger, (fields: LogFields, message: string) => unknown>

/**
 * What users give as `log`, made to take a message and fields. Which of the usual loggers it is follows from methods that
 * they document, and that others do not have:
 * - `bindings()`: pino, and what calls itself compatible with it; `addSerializers()`: bunyan. They take the fields first;
 *   given a message first, they would drop the fields without a word.
 * - `table()` and `dir()`: a console, which would print fields over many lines and take the message for a format.
 * - All others take a message, then fields, as `Logger` says.
 */
export function givenLogger(given: Logger): Logger {
  if (has(given, 'bindings') || has(given, 'addSerializers'))
    return fieldsFirst(given as unknown as FieldsFirst)
  if (has(given, 'table') && has(given, 'dir')) return linesTo(given)
  return given
}

/** Both know errors by the name `err`: under another they would be written as `{}`. */
function fieldsFirst(given: FieldsFirst): Logger {
  return loggerOf((level, message, fields = {}) => {
    const { error, ...rest } = fields
    const renamed = error instanceof Error && !('err' in fields) ? { ...rest, err: error } : fields
    return given[level](renamed, message)
  })
}

function has(given: Logger, method: string): boolean {
  return typeof (given as unknown as Record<string, unknown>)[method] === 'function'
}
