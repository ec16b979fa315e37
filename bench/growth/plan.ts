/** What is measured: which script, at which sizes, how often; and which charts are drawn of it. */
export interface Measurement {
  /** Beside this file's folder, in `bench/`. */
  readonly script: string
  readonly args: (x: number) => readonly string[]
  readonly sizes: readonly number[]
  readonly quick: readonly number[]
}

export interface Chart {
  readonly file: string
  readonly title: string
  readonly x: string
  /** Titles the axis, and says which unit the figures of `series` have. */
  readonly y: string
  /** The y axis is logarithmic: the series lie far apart. */
  readonly log?: boolean
  readonly series: readonly string[]
}

const [THOUSAND, MILLION] = [1000, 1_000_000]
const STEPS = [THOUSAND, 10_000, 100_000, MILLION]
const QUICK_STEPS = [THOUSAND, 10_000, 100_000]

const steps = (host: string): Measurement => ({
  script: 'growth/steps.ts',
  args: (x) => ['--host', host, '--steps', String(x)],
  sizes: STEPS,
  quick: QUICK_STEPS,
})
const replay = (shape: string): Measurement => ({
  script: 'growth/replay.ts',
  args: (x) => ['--shape', shape, '--steps', String(x)],
  sizes: STEPS,
  quick: QUICK_STEPS,
})
const pending = (host: string, branches: string): Measurement => ({
  script: 'growth/pending.ts',
  args: (x) => ['--host', host, '--branches', branches, '--counts', String(x)],
  sizes: [10_000, 100_000, MILLION],
  quick: [10_000, 100_000],
})
const hosts = ['memory', 'sqlite', 'outside']
const shapes = ['sequence', 'group']
const kinds = ['functions', 'iterable', 'steps']
const nestings = ['groups in groups', 'function branches', 'child runs']
const pendings = ['outside', 'memory'].flatMap((host) => kinds.map((kind) => [host, kind] as const))

export const MEASUREMENTS: readonly Measurement[] = [
  ...hosts.map(steps),
  ...pendings.map(([host, kind]) => pending(host, kind)),
  ...shapes.map(replay),
  {
    script: 'growth/runs.ts',
    args: (x) => ['--runs', String(x)],
    sizes: [1, 10_000, MILLION],
    quick: [1, 10_000],
  },
  {
    script: 'growth/depth.ts',
    args: (x) => ['--depths', String(x)],
    sizes: [1, 10, 100, THOUSAND],
    quick: [1, 10, 100],
  },
  {
    script: 'growth/waiting.ts',
    args: (x) => ['--runs', String(x)],
    sizes: [THOUSAND, 10_000],
    quick: [THOUSAND],
  },
  {
    script: 'payloads.ts',
    args: (x) => ['--sizes', String(x), '--total', '50000000'],
    sizes: [THOUSAND, 100_000, 10_000_000],
    quick: [THOUSAND, 100_000],
  },
]

/** Of figures with so large an `x` fewer rounds are enough, and all there is time for. */
export const roundsOf = (x: number, rounds: number): number => (x >= MILLION ? Math.min(rounds, 2) : rounds)

const listings = ['list', 'list, failed', 'list, of a workflow', 'list, without parent', 'list, half way']

export const CHARTS: readonly Chart[] = [
  {
    file: 'time-per-step',
    title: 'Steps in one group, 100 at once: time per step',
    x: 'steps in the group',
    y: 'µs per step',
    series: hosts.map((host) => `${host}: time per step`),
  },
  {
    file: 'memory-of-steps',
    title: 'Steps in one group, 100 at once: peak memory of the process',
    x: 'steps in the group',
    y: 'MB',
    series: hosts.map((host) => `${host}: peak memory`),
  },
  {
    file: 'pending-branch',
    title: 'Memory of a branch that has not begun',
    x: 'branches in the group',
    y: 'B',
    series: pendings.map(([host, kind]) => `${host}, ${kind}: memory per pending branch`),
  },
  {
    file: 'replay',
    title: 'Replay of recorded steps: time per step',
    x: 'recorded steps',
    y: 'µs per step',
    series: shapes.map((shape) => `replay ${shape}: time per step`),
  },
  {
    file: 'replay-stops',
    title: 'Replay of recorded steps: longest stop of the event loop',
    x: 'recorded steps',
    y: 'ms',
    log: true,
    series: shapes.flatMap((shape) => [
      `replay ${shape}: longest stop of the event loop`,
      `replay ${shape}: most processor time in one turn of the event loop`,
    ]),
  },
  {
    file: 'runs-in-the-database',
    title: 'Start, show and list, by how many runs the database holds',
    x: 'runs in the database',
    y: 'ms',
    log: true,
    series: ['start', 'run of one step', 'show', ...listings],
  },
  {
    file: 'nesting',
    title: 'Nesting: time of a run for each level',
    x: 'levels',
    y: 'µs per level',
    log: true,
    series: nestings,
  },
  {
    file: 'payloads',
    title: 'Large results: time of a step, as a multiple of raw SQLite',
    x: 'characters in a result',
    y: '× raw SQLite',
    series: ['text: × raw SQLite', 'records: × raw SQLite'],
  },
  {
    file: 'payload-stops',
    title: 'Large results: longest stop of the event loop',
    x: 'characters in a result',
    y: 'ms',
    log: true,
    series: ['text', 'records'].flatMap((shape) => [
      `${shape}: longest stop of the event loop`,
      `${shape}: longest stop of the event loop in a replay`,
      `${shape}: longest stop of JSON alone`,
    ]),
  },
]
