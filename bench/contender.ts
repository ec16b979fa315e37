/** What a file in `contenders/` exports as `contender`. README.md says how to add one. */
import type { ScenarioId } from './scenarios.ts'
import type { ServerName } from './servers/server.ts'

interface Described {
  /** As it stands in the tables. */
  readonly name: string
  readonly kind: 'floor' | 'ours' | 'peer'
  /** Whose installed version is shown. Without: part of Node.js, or of the harness. */
  readonly package?: string
}

/** An engine that records steps. Its file imports the engine inside `open` only: whoever lists contenders loads none. */
export interface DurableContender extends Described {
  /** What is on disk when a step counts as done, and what was set to get there. */
  readonly durability: string
  /** What it takes part in. A text says why its figure is not comparable; it is shown, but wins nothing. */
  readonly scenarios: Readonly<Partial<Record<ScenarioId, 'comparable' | (string & {})>>>
  /** What it cannot do, and why. */
  readonly refuses?: Readonly<Partial<Record<ScenarioId, string>>>
  /** Fewer steps than the scenario asks for, where the engine does no more; said in the tables. */
  readonly reduced?: Readonly<Partial<Record<ScenarioId, number>>>
  readonly server?: ServerName
  readonly open: (place: Place) => Promise<Session>
}

/** A way to run many asynchronous functions, so many at once. */
export interface FanOutContender extends Described {
  readonly load: () => Promise<FanOut>
}

/** Results in input order. */
export type FanOut = (
  tasks: number,
  task: (index: number) => Promise<number>,
  concurrency: number,
) => PromiseLike<readonly number[]>

/** Where a session keeps its data, and what it is for. */
export interface Place {
  /** An empty directory, or the one a killed process has left. */
  readonly directory: string
  /** Where the server of a contender with `server` listens; '' without. */
  readonly url: string
  /** The body of every step: does nothing and returns its index. */
  readonly task: (index: number) => Promise<number>
  /** The lengths of the sequences that will be asked for, for engines that declare steps ahead. */
  readonly lengths: readonly number[]
  /** Resuming after a kill: a lease that the dead process holds is to be expired by hand. */
  readonly resuming: boolean
}

/** Every verb resolves when its caller has the result, with the sum of what the steps returned. */
export interface Session {
  /** One run of so many steps, one after another. */
  readonly sequence: (steps: number, id: string) => Promise<number>
  /** One run of so many steps, so many at once. */
  readonly fanOut: (steps: number, concurrency: number, id: string) => Promise<number>
  /** The result of the sequence `CRASHED` of so many steps, which the process before has left unfinished. */
  readonly resume?: (steps: number) => Promise<number>
  /**
   * The records of results of steps that its store holds. Without, there are none: the contender is comparable in none of
   * the scenarios in which steps are recorded.
   */
  readonly recorded?: () => Promise<number>
  readonly close: () => Promise<void> | void
}

export const CRASHED = 'crashed'

/** So many calls at once, results in order: for engines without a limit of their own. */
export const pooled: FanOut = async (count, call, concurrency) => {
  const results: number[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) {
      const index = next++
      results[index] = await call(index)
    }
  }
  await Promise.all(Array.from({ length: Math.min(concurrency, count) }, worker))
  return results
}

export const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0)
