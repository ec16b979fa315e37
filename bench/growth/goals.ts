/** What the figures are held to. A goal whose figures were not measured is not judged. */
import type { Figures } from './figures.ts'

export interface Judgement {
  readonly goal: string
  readonly measured: string
  readonly held: boolean
}

interface Goal {
  readonly goal: string
  /** The number that is judged. Undefined: not measured. */
  readonly value: (figures: Figures) => number | undefined
  readonly limit: number
  readonly unit: string
}

const MILLION = 1_000_000

const ratio = (series: string, large: number, small: number) => (figures: Figures) => {
  const [above, below] = [figures.median(series, large), figures.median(series, small)]
  return above === undefined || below === undefined ? undefined : above / below
}

/** Of the largest size that was measured. */
const largest = (series: string) => (figures: Figures) => figures.points(series).at(-1)?.median

const growths = ['memory', 'sqlite', 'outside'].flatMap((host) =>
  ['time per step', 'processor time per step'].map((what): Goal => ({
    goal: `${host}: ${what} at 1,000,000 ÷ at 10,000`,
    value: ratio(`${host}: ${what}`, MILLION, 10_000),
    limit: 1.3,
    unit: '×',
  })),
)

const pending = ['outside', 'memory'].flatMap((host) =>
  ['functions', 'iterable'].map((kind): Goal => ({
    goal: `${host}: memory of a pending branch, from ${kind === 'iterable' ? 'an iterable' : 'functions'}`,
    value: largest(`${host}, ${kind}: memory per pending branch`),
    limit: 400,
    unit: 'B',
  })),
)

const replays = ['sequence', 'group'].flatMap((shape): Goal[] => [
  {
    goal: `replay of a ${shape}: time per step at 1,000,000 ÷ at 10,000 (linear)`,
    value: ratio(`replay ${shape}: time per step`, MILLION, 10_000),
    limit: 1.3,
    unit: '×',
  },
  ...['longest stop of the event loop', 'most processor time in one turn of the event loop'].map(
    (what): Goal => ({
      goal: `replay of a ${shape}: ${what}`,
      value: (figures) => worst(figures, `replay ${shape}: ${what}`),
      limit: 20,
      unit: 'ms',
    }),
  ),
])

const NOISE = 1.5 // a start is one synced write: the disk alone differs by as much between two processes
const independent = ['start', 'run of one step', 'show', 'list'].map((verb): Goal => ({
  goal: `${verb} with 1,000,000 runs in the database ÷ with 10,000`,
  value: ratio(verb, MILLION, 10_000),
  limit: NOISE,
  unit: '×',
}))

const nesting = ['groups in groups', 'function branches', 'child runs'].map((how): Goal => ({
  goal: `${how}: time per level 1,000 deep ÷ 10 deep`,
  value: ratio(how, 1000, 10),
  limit: NOISE,
  unit: '×',
}))

const waiting = ['waiting, within the first five seconds', 'waiting, put away'].map((state): Goal => ({
  goal: `10,000 idle runs, ${state.slice('waiting, '.length)}: memory of each`,
  value: (figures) => figures.median(state, 10_000),
  limit: 2000,
  unit: 'B',
}))

const payloads = ['text', 'records'].flatMap((shape) =>
  ['longest stop of the event loop', 'longest stop of the event loop in a replay'].map((what): Goal => ({
    goal: `results of 10 MB, ${shape}: ${what}`,
    value: (figures) => figures.median(`${shape}: ${what}`, 10_000_000),
    limit: 50,
    unit: 'ms',
  })),
)

const GOALS: readonly Goal[] = [
  ...growths,
  ...pending,
  ...replays,
  ...independent,
  ...nesting,
  ...waiting,
  ...payloads,
]

export function judge(figures: Figures): readonly Judgement[] {
  return GOALS.flatMap(({ goal, value, limit, unit }) => {
    const number = value(figures)
    if (number === undefined) return []
    const bound = `${goal} ≤ ${limit.toLocaleString('en')} ${unit}`
    return [{ goal: bound, measured: `${shown(number)} ${unit}`, held: number <= limit }]
  })
}

function worst(figures: Figures, series: string): number | undefined {
  const medians = figures.points(series).map(({ median }) => median)
  return medians.length === 0 ? undefined : Math.max(...medians)
}

export function shown(value: number): string {
  return value.toLocaleString('en', { maximumSignificantDigits: value < 1000 ? 3 : 4 })
}
