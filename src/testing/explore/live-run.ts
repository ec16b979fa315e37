import type { WorkflowCode } from '../../core/definition.ts'
import type { CancelledError } from '../../core/errors.ts'
import type {
  ChildEffect,
  Completion,
  Effect,
  Effects,
  Encoded,
  Key,
  StepEffect,
} from '../../core/ports/effects.ts'
import { Run } from '../../core/run.ts'
import { validate } from '../../core/schema.ts'
import { type SeededRandom, seededRandom, seedOf } from '../../core/seeded-random.ts'
import type { VirtualClock } from '../virtual-clock.ts'
import type { ChildEnd, VirtualChild } from '../virtual/activity.ts'
import type { Director } from '../virtual/director.ts'
import { type VirtualRecord, recordUpTo } from '../virtual/record.ts'
import { impatientClock } from '../virtual/impatient-clock.ts'
import { VirtualEffects } from '../virtual/virtual-effects.ts'
import type { Plan } from './plan.ts'
import { type Surroundings, surround } from './surroundings.ts'

export interface RunEnd {
  readonly status: 'completed' | 'failed' | 'cancelled'
  /** The output, or the error. */
  readonly payload: Encoded
}

/** What a crash leaves of a run. */
export interface StoredRun {
  readonly id: string
  readonly workflow: WorkflowCode
  readonly input: Encoded
  readonly root: boolean
  readonly record: VirtualRecord
  end: RunEnd | undefined
  /** Somebody has asked for it to be cancelled: the reason. */
  cancelAsked: Encoded | undefined
}

export function copyOf(stored: StoredRun): StoredRun {
  return { ...stored, record: recordUpTo(stored.record, stored.record.completions.length) }
}

/** How something is called: an operation of the explored run by its key, one of a child with the child's id. */
export function placeOf(run: StoredRun, key: Key): string {
  return run.root ? key : `${key} !of ${run.id}`
}

/** Virtual time begins here, unless a crash has left a later one: 2030, in the winter. */
export const BEGINNING: number = Date.UTC(2030, 0, 1)

/** What a run needs of the world around it. */
export interface RunWorld {
  readonly plan: Plan
  /** Numbers the lives that are tried. */
  readonly life: number
  readonly clock: VirtualClock
  /** Calls a step's function as the world wants it. */
  stepPlace(run: LiveRun, key: Key): Surroundings
  /** What `execute` sees of time and chance. */
  codePlace(run: LiveRun): Surroundings
  child(effect: ChildEffect & { readonly id: string }, existing?: 'existing'): VirtualChild | undefined
}

/**
 * One run that executes in an explored world. It goes on by itself until it needs something of the world, is `waiting`
 * then, and goes on when the world has committed something for it.
 */
export class LiveRun implements Effects, Director {
  readonly stored: StoredRun
  readonly virtual: VirtualEffects
  readonly run: Run
  /** Why it can go no further. */
  problem: Error | undefined
  #waiting = false
  #over = false
  #wake: (() => void) | undefined
  readonly #world: RunWorld
  readonly #portions: SeededRandom

  constructor(world: RunWorld, stored: StoredRun) {
    const { plan, clock, life } = world
    const { id, workflow, record, root } = stored
    this.#portions = seededRandom(`${plan.seed} batches ${life} ${id}`)
    this.stored = stored
    this.#world = world
    this.virtual = new VirtualEffects({
      clock,
      codec: plan.codec,
      director: this,
      record,
      countLostAttempts: false,
      keepDeadlines: true,
      events: root ? plan.events : [],
      child: (effect, existing) =>
        world.child({ ...effect, id: effect.id ?? `${id}/${effect.key}` }, existing),
    })
    const seed = seedOf(`${plan.seed} ${id}`)
    this.run = new Run({ id, name: workflow.name, seed, createdAt: BEGINNING }, this, plan.codec, plan.log)
  }

  /** Ended, or as good as. */
  get over(): boolean {
    return this.#over
  }

  get waiting(): boolean {
    return this.#waiting || this.#over
  }

  /** It has asked the world for nothing, and has not ended. */
  get elsewhere(): boolean {
    return this.#waiting && !this.#over && this.run.waitingKeys.length === 0
  }

  get recorded(): number {
    return this.virtual.recorded
  }

  /** What the world has been told to end. */
  get journal(): readonly Completion[] {
    return this.virtual.journal
  }

  /** Executes the run to its end, which is then in what is stored of it. */
  async perform(): Promise<void> {
    try {
      this.stored.end = await this.#end()
    } catch (error) {
      this.problem = error as Error // run loops throw nothing else
    }
    this.#over = true
    this.virtual.close()
  }

  start(effect: Effect): void {
    this.virtual.start(effect.kind === 'step' ? this.#placed(effect) : effect)
  }

  cancel(key: Key, reason: CancelledError, held?: Effect): void {
    this.virtual.cancel(key, reason, held)
  }

  async next(): Promise<readonly Completion[]> {
    return await this.virtual.next()
  }

  groupBegan(): void {}

  groupEnded(): void {}

  close(): void {
    this.virtual.close()
    this.wake()
  }

  /** Something was committed for it, or it has ended. */
  wake(): void {
    this.#waiting = false
    this.#wake?.()
  }

  direct(): Promise<void> {
    this.#waiting = true
    return new Promise((resolve) => (this.#wake = resolve))
  }

  /** A resumed run may be given what is recorded in any portions. */
  handOver(available: number): number {
    return 1 + Math.floor(this.#portions.float() * available)
  }

  /** A retry begins in the world's time, not in the code's: the place must be found again. */
  #placed(effect: StepEffect): StepEffect {
    const { key, name, attempt, notBefore } = effect
    return {
      kind: 'step',
      key,
      name,
      attempt,
      notBefore,
      execute: (control) => surround(this.#world.stepPlace(this, key), () => effect.execute(control)),
    }
  }

  async #end(): Promise<RunEnd> {
    const { plan } = this.#world
    const { codec } = plan
    const { definition } = this.stored.workflow
    const place = this.#world.codePlace(this)
    try {
      const input = await this.#input()
      this.run.begin((ctx, given) => surround(place, () => definition.execute(ctx, given)), input)
    } catch (error) {
      return { status: 'failed', payload: codec.encodeError(error) }
    }
    const outcome = await plan.parts.loop(this.run, this, { clock: impatientClock, patience: 0 })
    for (const { title, place } of this.run.neverAwaited())
      plan.neverAwaited.add(`${title} was created but never awaited, so it never ran (${place})`)
    if (outcome.status !== 'completed')
      return { status: outcome.status, payload: codec.encodeError(outcome.error) }
    try {
      const output = await validate(definition.output, outcome.value, 'The output')
      return { status: 'completed', payload: codec.encode(output, 'output') }
    } catch (error) {
      return { status: 'failed', payload: codec.encodeError(error) }
    }
  }

  /** That of the explored run was checked before anything began. */
  async #input(): Promise<unknown> {
    const { workflow, input, root } = this.stored
    const value = this.#world.plan.codec.decode(input)
    return root ? value : await validate(workflow.definition.input, value, 'The input')
  }
}

/** A run as its parent sees it. */
export function childOf(stored: StoredRun, encodeError: (error: unknown) => Encoded): VirtualChild {
  return {
    id: stored.id,
    get end(): ChildEnd | undefined {
      const { end } = stored
      return end && { status: end.status === 'completed' ? 'done' : 'failed', payload: end.payload }
    },
    cancel(reason) {
      if (stored.end === undefined) stored.cancelAsked ??= encodeError(reason)
    },
  }
}
