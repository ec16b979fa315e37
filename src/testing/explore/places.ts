import type { Key } from '../../core/ports/effects.ts'
import { type SeededRandom, seededRandom } from '../../core/seeded-random.ts'
import type { StepContext } from '../../core/step-function.ts'
import type { CalledStep } from '../../core/step-stand-ins.ts'
import type { VirtualClock } from '../virtual-clock.ts'
import type { StoredRun } from './live-run.ts'
import type { Plan } from './plan.ts'
import type { Surroundings } from './surroundings.ts'

const DAY = 86_400_000

interface PlacedWorld {
  readonly plan: Plan
  readonly clock: VirtualClock
  call(run: StoredRun, step: CalledStep, context: StepContext, own: () => unknown): unknown
}

/** How much later than the last life each of four lives in turn believes it is; `undefined`: chance decides. */
const LATER = [0, DAY / 2, undefined, 400 * DAY]
/** The first number that `Math.random` gives to each of four lives in turn. */
const FIRST = [undefined, 0.0001, undefined, 0.9999]

/** Where a workflow's own code runs: each life has another time of day, and other luck, so that what hangs on them shows. */
export class CodePlace implements Surroundings {
  readonly #world: PlacedWorld
  readonly #random: SeededRandom
  readonly #later: number
  #first: number | undefined
  #looks = 0

  constructor(world: PlacedWorld, life: number, random: SeededRandom) {
    this.#world = world
    this.#random = random
    this.#later = LATER[life % LATER.length] ?? Math.floor(random.float() * 30 * DAY)
    this.#first = FIRST[life % FIRST.length]
  }

  /** Goes on a little with every look, so that a loop that waits for it ends. */
  now(): number {
    return this.#world.clock.now() + this.#later + this.#looks++
  }

  random(): number {
    const number = this.#first ?? this.#random.float()
    this.#first = undefined
    return number
  }

  uuid(): string {
    return this.#random.uuid()
  }

  touched(what: string): void {
    this.#world.plan.touched.add(`${what} (${callerOf(new Error('touched').stack ?? '')})`)
  }
}

/** Where a step's function runs: the same at every call of one step, so that lives can be compared. */
export class StepPlace implements Surroundings {
  readonly plan: Plan
  readonly #random: SeededRandom
  readonly #world: PlacedWorld
  readonly #run: StoredRun

  constructor(world: PlacedWorld, run: StoredRun, key: Key) {
    this.plan = world.plan
    this.#world = world
    this.#run = run
    this.#random = seededRandom(`${world.plan.seed} step ${run.id} ${key}`)
  }

  now(): number {
    return this.#world.clock.now()
  }

  random(): number {
    return this.#random.float()
  }

  uuid(): string {
    return this.#random.uuid()
  }

  touched(): void {}

  call(step: CalledStep, context: StepContext, own: () => unknown): unknown {
    return this.#world.call(this.#run, step, context, own)
  }
}

/** The first frame of a stack that is not the exploration's own: a file, as seen from the working directory, and a position. */
function callerOf(stack: string): string {
  const frames = stack.split('\n').slice(1)
  const frame = frames.find((line) => !/explore[\\/](places|surroundings)\.[jt]s/.test(line))?.trim() ?? ''
  const place = /\(?(?:file:\/\/)?([^()\s]+:\d+:\d+)\)?$/.exec(frame)?.[1] ?? 'an unknown place'
  return place.replace(`${process.cwd()}/`, '')
}
