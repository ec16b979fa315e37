/**
 * Where messages for people go. `console`, pino, bunyan and winston fit as they are: those that take the fields first are
 * known by what only they have (`core/given-logger.ts`).
 */
export interface Logger {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
}

/** What a message says besides, for machines and for search. */
export type LogFields = Readonly<Record<string, unknown>>

/** Messages of this level and of those after it: `'debug'`, `'info'`, `'warn'`, `'error'`; `'silent'` for none. */
export type LogLevel = keyof Logger | 'silent'

/** In order of their weight. */
export const LOG_LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'silent']
