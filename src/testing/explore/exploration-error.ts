import type { Schedule } from './chooser.ts'

/** What an exploration found. The message tells it: what happened, step by step, and what was seen instead of what. */
export class ExplorationError extends Error {
  override readonly name: string = 'ExplorationError'
  /** What happened, to be tried again alone: `explore(workflow, { …, repeat: error.schedules })`. */
  readonly schedules: readonly Schedule[]
  readonly seed: number

  constructor(
    message: string,
    found: { readonly schedules: readonly Schedule[]; readonly seed: number; readonly cause?: unknown },
  ) {
    const { schedules, seed, cause } = found
    const again = `Again, this alone: explore(…, { …, seed: ${seed}, repeat: ${JSON.stringify(schedules)} })`
    super(`${message}\n\n${again}`, cause === undefined ? undefined : { cause })
    this.schedules = schedules
    this.seed = seed
  }
}
