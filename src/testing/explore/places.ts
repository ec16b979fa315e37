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

/** Where a workflow's own code runs: each life has another time of day, and other luck. */
export class CodePlace implements Surroundings {
  readonly random: SeededRandom
  readonly #world: PlacedWorld
  readonly #later: number

  constructor(world: PlacedWorld, random: SeededRandom) {
    this.#world = world
    this.random = random
    this.#later = Math.floor(random.float() * 30 * DAY)
  }

  now(): number {
    return this.#world.clock.now() + this.#later
  }

  touched(what: string): void {
    this.#world.plan.touched.add(`${what} (${callerOf(new Error('touched').stack ?? '')})`)
  }
}

/** Where a step's function runs: the same at every call of one step, so that lives can be compared. */
export class StepPlace implements Surroundings {
  readonly random: SeededRandom
  readonly plan: Plan
  readonly #world: PlacedWorld
  readonly #run: StoredRun

  constructor(world: PlacedWorld, run: StoredRun, key: Key) {
    this.plan = world.plan
    this.#world = world
    this.#run = run
    this.random = seededRandom(`${world.plan.seed} step ${run.id} ${key}`)
  }

  now(): number {
    return this.#world.clock.now()
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
