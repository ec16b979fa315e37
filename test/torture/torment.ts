/** Many rounds, some at the same time, over one pool of processes. */
import { rmSync } from 'node:fs'
import { check, type Counts, noCounts } from './check.ts'
import { Pool } from './pool.ts'
import { Round } from './round.ts'

export interface Torment {
  readonly rounds: number
  /** Of the first round; the next has the next. */
  readonly seed: number
  /** At most so many on one file. */
  readonly processes: number
  /** Rounds at the same time. */
  readonly lanes: number
  /** No round begins after so many. */
  readonly minutes?: number
  /** Leaves the folders of all rounds, not only of those that failed. */
  readonly keep?: boolean
  readonly onProblem?: (text: string) => void
  readonly onRound?: (done: number) => void
}

export interface Failure {
  readonly seed: number
  readonly dir: string
  readonly problems: readonly string[]
}

export interface Tormented {
  readonly rounds: number
  readonly counts: Counts
  readonly failures: readonly Failure[]
}

export async function torment(options: Torment): Promise<Tormented> {
  const { rounds, seed, processes, lanes, keep = false, onProblem, onRound } = options
  const deadline = performance.now() + (options.minutes ?? Number.POSITIVE_INFINITY) * 60_000
  const pool = new Pool(Math.max(2, lanes))
  const counts = noCounts()
  const failures: Failure[] = []
  let next = 0
  let done = 0
  const lane = async (): Promise<void> => {
    while (next < rounds && performance.now() < deadline) {
      const own = seed + next++
      const round = new Round(own, processes, pool)
      const { problems, counts: some } = check(await round.play())
      add(counts, some)
      if (problems.length > 0) {
        failures.push({ seed: own, dir: round.dir, problems })
        onProblem?.(`seed ${own}, ${round.dir}:\n  ${problems.join('\n  ')}`)
      } else if (!keep) rmSync(round.dir, { recursive: true, force: true })
      onRound?.(++done)
    }
  }
  try {
    await Promise.all(Array.from({ length: lanes }, lane))
  } finally {
    await pool.end()
  }
  return { rounds: done, counts, failures }
}

function add(total: Counts, some: Counts): void {
  const { extraEffects, ...numbers } = some
  for (const name of Object.keys(numbers) as (keyof typeof numbers)[]) total[name] += numbers[name]
  for (const [extra, steps] of extraEffects.entries())
    total.extraEffects[extra] = (total.extraEffects[extra] ?? 0) + (steps ?? 0)
}
