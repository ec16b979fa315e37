/** What is measured. Sizes are those of the table the goals were set with; `--quick` is for trying out. */
export type ScenarioId = 'A' | 'B' | 'C' | 'D' | 'E' | 'F'

export interface Sizes {
  /** Steps in one run; in E, tasks. */
  readonly steps: number
  /** Steps or tasks at once, within one run. */
  readonly concurrency: number
  /** Runs, and how many of them at once. */
  readonly runs: number
  readonly inFlight: number
}

export interface Scenario {
  readonly id: ScenarioId
  readonly title: string
  readonly what: string
  readonly unit: 'ms' | 'ns per task' | 'µs per step'
  /** The name of the contender that is the floor, if there is one. */
  readonly floor?: string
  readonly full: Sizes
  readonly quick: Sizes
}

const sizes = (steps: number, concurrency = 1, runs = 1, inFlight = 1): Sizes => ({
  steps,
  concurrency,
  runs,
  inFlight,
})

export const BATCHED_FLOOR = 'raw SQLite, a transaction per 100 rows'
export const ROW_FLOOR = 'raw SQLite, a transaction per row'
export const POOL_FLOOR = 'hand-written pool'

export const SCENARIOS: readonly Scenario[] = [
  {
    id: 'A',
    title: 'one run, 10,000 parallel steps, 100 at once',
    what: 'from the submission of the run to its result; the engine is up and warm',
    unit: 'ms',
    floor: BATCHED_FLOOR,
    full: sizes(10_000, 100),
    quick: sizes(300, 100),
  },
  {
    id: 'B',
    title: 'one run, 1,000 steps one after another',
    what: 'from the submission of the run to its result; the engine is up and warm',
    unit: 'ms',
    floor: ROW_FLOOR,
    full: sizes(1000),
    quick: sizes(50),
  },
  {
    id: 'C',
    title: '1,000 runs of 10 steps, 50 runs at once',
    what: 'from the submission of the first run to the result of the last; the engine is up and warm',
    unit: 'ms',
    floor: BATCHED_FLOOR,
    full: sizes(10, 1, 1000, 50),
    quick: sizes(5, 1, 20, 10),
  },
  {
    id: 'D',
    title: 'a killed run with 1,000 recorded steps',
    what: 'from process start to the result of the run; the process before was killed (SIGKILL) in step 1,001',
    unit: 'ms',
    floor: ROW_FLOOR,
    full: sizes(1000),
    quick: sizes(50),
  },
  {
    id: 'E',
    title: 'fan-out in memory, 100,000 tasks that do nothing, 100 at once',
    what: 'no workflow and no store; the median of three in one process',
    unit: 'ns per task',
    floor: POOL_FLOOR,
    full: sizes(100_000, 100),
    quick: sizes(3000, 100),
  },
  {
    id: 'F',
    title: '100,000 parallel steps of a workflow in memory, 100 at once',
    what: 'one run; nothing reaches a disk',
    unit: 'µs per step',
    full: sizes(100_000, 100),
    quick: sizes(1000, 100),
  },
]

/** How many steps the measured part of a scenario executes. */
export const stepsOf = ({ steps, runs }: Sizes): number => steps * runs
