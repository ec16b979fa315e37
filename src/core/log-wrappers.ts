/** Loggers made of others. */
import { messageOf } from './errors.ts'
import { LOG_LEVELS, type LogFields, type Logger, type LogLevel } from './ports/logger.ts'
import { notifyOutside } from './user-code.ts'

/** A logger whose methods all come to the same, and return what that returns: it may be a promise, which may reject. */
export function loggerOf(
  write: (level: keyof Logger, message: string, fields: LogFields | undefined) => unknown,
): Logger {
  return {
    debug: (message, fields) => write('debug', message, fields),
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    error: (message, fields) => write('error', message, fields),
  }
}

/** The same logger with fields added to every message. Those of the message count more. */
export function withFields(logger: Logger, added: LogFields): Logger {
  return loggerOf((level, message, fields) => logger[level](message, together(added, fields)))
}

/** The same logger, whose failures concern no run: what it throws is mentioned, once, and its message is lost. */
export function unfailing(logger: Logger): Logger {
  let mentioned = false
  const onError = (error: unknown): void => {
    if (mentioned) return
    mentioned = true
    process.emitWarning(`The engine's logger threw: ${messageOf(error)}`)
  }
  return loggerOf((level, message, fields) => notifyOutside(() => logger[level](message, fields), onError))
}

/** Ignores messages while `muted()` says so: what a replay repeats was said the first time. */
export function mutedWhile(logger: Logger, muted: () => boolean): Logger {
  return loggerOf((level, message, fields) => {
    if (!muted()) logger[level](message, fields)
  })
}

/** Ignores messages below `least`. */
export function atLeast(least: LogLevel, logger: Logger): Logger {
  const from = LOG_LEVELS.indexOf(least)
  if (from === 0) return logger
  return loggerOf((level, message, fields) => {
    if (LOG_LEVELS.indexOf(level) >= from) logger[level](message, fields)
  })
}

/** Code without types passes anything for fields. Nothing of it may throw into the code that logs, nor be lost. */
function together(added: LogFields, fields: unknown): LogFields {
  if (fields === undefined || fields === null) return { ...added }
  try {
    if (fields instanceof Error) return { ...added, error: fields }
    if (typeof fields !== 'object' || Array.isArray(fields)) return { ...added, value: fields }
    return { ...added, ...fields }
  } catch {
    return { ...added, ...readable(fields) }
  }
}

/** Of an object some of whose properties cannot be read: a getter that throws, a proxy. */
function readable(fields: object): LogFields {
  const read = (name: string): unknown => {
    try {
      return (fields as Record<string, unknown>)[name]
    } catch (error) {
      return unreadable(error)
    }
  }
  try {
    return Object.fromEntries(Object.keys(fields).map((name) => [name, read(name)]))
  } catch (error) {
    return { fields: unreadable(error) }
  }
}

function unreadable(error: unknown): string {
  return `(cannot be read: ${messageOf(error)})`
}
