/** Who decides what happens next in an explored life. */
import type { SeededRandom } from '../../core/seeded-random.ts'

/** What happened, in the form in which it can be told to happen again: labels of options, in order. */
export type Schedule = readonly string[]

export interface Option {
  /** Empty for "nothing out of the ordinary". */
  readonly label: string
  /** An accident: the run could go on without it. */
  readonly fault: boolean
}

export interface Chooser {
  /** The index of one of the options; there is at least one. */
  choose(options: readonly Option[]): number
}

/** `!fail a`: decided when the step begins, so its place in the order says nothing. */
const FATE = /^!(fail|hang) /

export const CRASH = '!crash'

/** What is known beforehand is done; after that always the first. Remembers what there was to choose from. */
export class PathChooser implements Chooser {
  readonly #path: readonly number[]
  readonly #taken: number[] = []
  readonly #counts: number[] = []

  constructor(path: readonly number[]) {
    this.#path = path
  }

  choose(options: readonly Option[]): number {
    if (options.length === 1) return 0
    const taken = this.#path[this.#taken.length] ?? 0
    this.#taken.push(taken)
    this.#counts.push(options.length)
    return taken
  }

  /** How many paths there are if every one had as many choices as this. */
  get estimate(): number {
    return this.#counts.reduce((product, count) => product * count, 1)
  }

  /** The next path, depth first; undefined after the last. */
  next(): readonly number[] | undefined {
    for (let at = this.#taken.length - 1; at >= 0; at--) {
      const taken = this.#taken[at] ?? 0
      if (taken + 1 < (this.#counts[at] ?? 0)) return [...this.#taken.slice(0, at), taken + 1]
    }
    return undefined
  }
}

/** Of so many choices with an accident among them, one takes it. */
const FAULTS_ONE_IN = 6

export class RandomChooser implements Chooser {
  readonly #random: SeededRandom

  constructor(random: SeededRandom) {
    this.#random = random
  }

  choose(options: readonly Option[]): number {
    const faults = options.filter(({ fault }) => fault)
    const others = options.filter(({ fault }) => !fault)
    const accident = faults.length > 0 && (others.length === 0 || this.#below(FAULTS_ONE_IN) === 0)
    const among = accident ? faults : others
    return options.indexOf(among[this.#below(among.length)] as Option)
  }

  #below(count: number): number {
    return Math.floor(this.#random.float() * count)
  }
}

/** What should happen according to a schedule cannot. */
export class Misfit extends Error {
  override readonly name: string = 'Misfit'
}

/** Follows a schedule. */
export class ScriptChooser implements Chooser {
  readonly #fates: ReadonlySet<string>
  readonly #order: string[]
  readonly #strict: boolean

  /** @param strict refuse what does not fit, rather than go on with the next label that does */
  constructor(schedule: Schedule, strict = true) {
    this.#fates = new Set(schedule.filter((label) => FATE.test(label)))
    this.#order = schedule.filter((label) => !FATE.test(label) && label !== CRASH)
    this.#strict = strict
  }

  choose(options: readonly Option[]): number {
    if (options[0]?.label === '')
      return Math.max(
        0,
        options.findIndex(({ label }) => this.#fates.has(label)),
      )
    return this.#strict ? this.#exactly(options) : this.#nearest(options)
  }

  /** What is still to happen. */
  get rest(): Schedule {
    return [...this.#fates, ...this.#order]
  }

  #exactly(options: readonly Option[]): number {
    const expected = this.#order.shift()
    const found = options.findIndex(({ label }) => label === expected)
    if (found >= 0) return found
    const possible = options.map(({ label }) => JSON.stringify(label)).join(' or ')
    throw new Misfit(
      expected === undefined
        ? `The run goes on after that: ${possible} can happen.`
        : `Now ${JSON.stringify(expected)} should happen, but only ${possible} can.`,
    )
  }

  #nearest(options: readonly Option[]): number {
    const at = this.#order.findIndex((wanted) => options.some(({ label }) => label === wanted))
    const [wanted] = at < 0 ? [] : this.#order.splice(at, 1)
    const ordinary = options.findIndex(({ fault }) => !fault)
    return Math.max(0, wanted === undefined ? ordinary : options.findIndex(({ label }) => label === wanted))
  }
}
