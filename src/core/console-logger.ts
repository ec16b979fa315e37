import { messageOf } from './errors.ts'
import type { Logger } from './ports/logger.ts'
import { notify } from './user-code.ts'

/** To standard error, so that the output of a script stays its own. */
export const consoleLogger: Logger = {
  debug: () => undefined,
  info: (message, fields) => write('', message, fields),
  warn: (message, fields) => write('warning: ', message, fields),
  error: (message, fields) => write('error: ', message, fields),
}

// oxlint-disable no-console -- this is the one place that writes to it
function write(level: string, message: string, fields: Readonly<Record<string, unknown>> | undefined): void {
  if (fields === undefined || Object.keys(fields).length === 0) console.error(`${level}${message}`)
  else console.error(`${level}${message}`, fields)
}

/** The same logger with fields added to every message. */
export function withFields(logger: Logger, added: Readonly<Record<string, unknown>>): Logger {
  const at =
    (level: keyof Logger): Logger['info'] =>
    (message, fields) =>
      logger[level](message, { ...added, ...fields })
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

/** The same logger, whose failures concern no run: what it throws is mentioned, once, and its message is lost. */
export function unfailing(logger: Logger): Logger {
  let mentioned = false
  const onError = (error: unknown): void => {
    if (mentioned) return
    mentioned = true
    process.emitWarning(`The engine's logger threw: ${messageOf(error)}`)
  }
  const at =
    (level: keyof Logger): Logger['info'] =>
    (message, fields) =>
      notify(() => logger[level](message, fields), onError)
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

/** Ignores messages while `muted()` says so: what a replay repeats was said the first time. */
export function mutedWhile(logger: Logger, muted: () => boolean): Logger {
  const at =
    (level: keyof Logger): Logger['info'] =>
    (message, fields) => {
      if (!muted()) logger[level](message, fields)
    }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
