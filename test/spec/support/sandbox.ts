import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createEngine,
  type EmbeddedEngine,
  type EngineOptions,
  type Logger,
  memoryStore,
  type RunEvent,
} from 'ai-workflows'
import { onTestFinished } from 'vitest'

export interface LogLine {
  readonly level: keyof Logger
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>> | undefined
}

export class LogBook implements Logger {
  readonly lines: LogLine[] = []
  debug = this.#at('debug')
  info = this.#at('info')
  warn = this.#at('warn')
  error = this.#at('error')

  /** Messages of one level, or of all. */
  messages(level?: keyof Logger): string[] {
    return this.lines
      .filter((line) => level === undefined || line.level === level)
      .map(({ message }) => message)
  }

  #at(level: keyof Logger): Logger['info'] {
    return (message, fields) => void this.lines.push({ level, message, fields })
  }
}

/** A place that keeps runs, and one engine at a time over it. Cleared away when the test has finished. */
export interface Sandbox {
  /** Where the database is; a memory store has none. */
  readonly dir: string | undefined
  readonly engine: EmbeddedEngine
  readonly log: LogBook
  /** What the engines said, in order. */
  readonly events: readonly RunEvent[]
  /** Stops the engine at once, and starts another one over the same runs: what a new process would do. */
  restart(options?: Partial<EngineOptions>): Promise<EmbeddedEngine>
}

export const PLACES = ['memory', 'sqlite'] as const
export type Place = (typeof PLACES)[number]

export async function sandbox(place: Place = 'memory', options: EngineOptions = {}): Promise<Sandbox> {
  const where = await placeOf(place)
  const log = new LogBook()
  const events: RunEvent[] = []
  const open = (more: Partial<EngineOptions>): EmbeddedEngine => {
    const engine = createEngine({ log, ...where, ...options, ...more })
    engine.on('*', (event) => events.push(event))
    return engine
  }
  let engine = open({})
  onTestFinished(async () => {
    await engine.stop({ grace: 0 })
    if (where.dir !== undefined) await rm(where.dir, { recursive: true, force: true })
  })
  return {
    dir: where.dir,
    get engine() {
      return engine
    },
    log,
    events,
    async restart(more = {}) {
      await engine.stop({ grace: 0 })
      engine = open(more)
      return engine
    },
  }
}

async function placeOf(place: Place): Promise<Pick<EngineOptions, 'dir' | 'store'>> {
  if (place === 'sqlite') return { dir: await mkdtemp(join(tmpdir(), 'ai-workflows-')) }
  // What a database file does: it outlives the engine.
  return { store: { ...memoryStore(), close: () => Promise.resolve() } }
}

/** Keys of the steps that really began, in order, with their attempts. */
export function started(events: readonly RunEvent[]): string[] {
  return events.flatMap((event) => (event.kind === 'step.started' ? [event.key] : []))
}

const ENDS: ReadonlySet<RunEvent['kind']> = new Set(['step.completed', 'step.failed', 'step.retrying'])

/** Resolves when the engine says that an attempt at this step has ended; also when it has said so before. */
export function ended(box: Sandbox, key: string): Promise<void> {
  const is = (event: RunEvent): boolean => ENDS.has(event.kind) && 'key' in event && event.key === key
  if (box.events.some(is)) return Promise.resolve()
  return new Promise((resolve) => {
    const stop = box.engine.on('*', (event) => {
      if (!is(event)) return
      stop()
      resolve()
    })
  })
}
