import { styleText } from 'node:util'
import { logLine } from './log-line.ts'
import { atLeast, loggerOf } from './log-wrappers.ts'
import type { Logger } from './ports/logger.ts'

/** Writes readable lines to a console, each by its method: to standard output up to `info`, warnings and errors to standard error. */
export function linesTo(target: Logger): Logger {
  return loggerOf((level, message, fields) => {
    const isError = level === 'warn' || level === 'error'
    const colors = target === console && hasColors(isError ? process.stderr : process.stdout)
    // One argument: of several the first is a format, in which `%s` would be replaced.
    return target[level](logLine({ level, at: new Date(), message, fields }, colors))
  })
}

/** To standard error, so that the output of a script stays its own. */
export const consoleLogger: Logger = loggerOf((level, message, fields) => {
  // oxlint-disable-next-line no-console -- this is the one place that writes to it
  console.error(logLine({ level, at: new Date(), message, fields }, hasColors(process.stderr)))
})

/** For code that runs outside of any workflow, and so without options. */
export const everydayLogger: Logger = atLeast('info', consoleLogger)

/** As the terminal and the environment say: `NO_COLOR`, `FORCE_COLOR`. */
function hasColors(stream: NodeJS.WriteStream): boolean {
  return styleText('red', 'x', { stream }) !== 'x'
}
