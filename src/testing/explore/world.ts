import type { WorkflowCode } from '../../core/definition.ts'
import { StepError } from '../../core/errors.ts'
import type { ChildEffect, Completion, Key } from '../../core/ports/effects.ts'
import { seededRandom } from '../../core/seeded-random.ts'
import type { StepContext } from '../../core/step-function.ts'
import type { CalledStep } from '../../core/step-stand-ins.ts'
import { inTable } from '../mock-steps.ts'
import { VirtualClock } from '../virtual-clock.ts'
import type { VirtualChild } from '../virtual/activity.ts'
import { newRecord } from '../virtual/record.ts'
import type { Chooser, Option } from './chooser.ts'
import { BEGINNING, childOf, copyOf, LiveRun, placeOf, type RunWorld, type StoredRun } from './live-run.ts'
import { offersOf, type WorldOffer } from './offers.ts'
import { CodePlace, StepPlace } from './places.ts'
import type { Plan } from './plan.ts'
import { settled } from './settled.ts'
import type { Surroundings } from './surroundings.ts'
import { Trouble } from './trouble.ts'

/** A completion of one of the runs, in the order of the world. */
export interface Entry {
  readonly run: StoredRun
  readonly completion: Completion
}

/** What a crash leaves of a world. */
export interface Remains {
  readonly time: number
  readonly runs: readonly StoredRun[]
  readonly entries: readonly Entry[]
  readonly faults: number
}

export interface WorldOptions {
  readonly plan: Plan
  readonly chooser: Chooser
  /** Distinguishes the luck of this life from that of others. */
  readonly life: number
  readonly remains?: Remains | undefined
  /** Crash when there are so many completions. */
  readonly crashAt?: number | undefined
  /** In a life that will crash: the attempts whose outcome is recorded before that. Others do nothing. */
  readonly recorded?: ReadonlySet<string> | undefined
}

const ROOT_ID = 'explored'

export function attemptId(run: StoredRun, key: Key, attempt: number): string {
  return `${attempt} ${placeOf(run, key)}`
}

/**
 * One life of a run and of its children: everything that happens in it is chosen, one thing at a time, when nothing can
 * go on by itself. Invariants:
 * 1. Each completion is committed and dealt with before the next is chosen.
 * 2. Timers fire in the order in which they are due.
 */
export class World implements RunWorld {
  readonly plan: Plan
  readonly life: number
  readonly clock: VirtualClock
  /** Completions of all runs, in order. */
  readonly entries: Entry[]
  /** What was chosen: at which completion, and as which label. */
  readonly taken: { readonly label: string; readonly entry: Entry | undefined }[] = []
  /** What decides about the output, whatever the order of the rest: accidents, and what came before each. */
  readonly marks: string[] = []
  readonly runs: LiveRun[] = []
  readonly stored: StoredRun[]
  readonly #options: WorldOptions
  readonly #toStart: LiveRun[] = []
  /** Steps whose function will not come to anything, and nobody waits for it. */
  readonly #idle = new Set<string>()
  #faults: number

  constructor(options: WorldOptions) {
    const { plan, remains, life } = options
    this.plan = plan
    this.life = life
    this.#options = options
    this.clock = new VirtualClock(remains?.time ?? BEGINNING)
    this.entries = [...(remains?.entries ?? [])]
    this.#faults = remains?.faults ?? 0
    this.stored = remains?.runs.map(copyOf) ?? [newRun(ROOT_ID, plan.workflow, plan.input, true)]
    for (const stored of this.stored) if (stored.end === undefined) this.#add(stored)
  }

  get mayHaveFault(): boolean {
    return this.#faults < this.plan.faults
  }

  get willCrash(): boolean {
    return this.#options.crashAt !== undefined
  }

  get root(): StoredRun {
    return this.stored[0] as StoredRun
  }

  /** @throws {Trouble | Misfit} it cannot go on, or not as it was told to; and what run loops throw */
  async perform(): Promise<void> {
    const { crashAt } = this.#options
    const { limit } = this.plan
    for (;;) {
      await settled(this)
      if (this.entries.length === crashAt) return
      const offers = offersOf(this)
      if (offers.length === 0 && this.root.end !== undefined) return
      if (offers.length === 0) throw new Trouble(this.#stuck())
      if (this.entries.length >= limit)
        throw new Trouble(
          `The run does not end: after ${limit} completions it still goes on (option "limit").`,
        )
      this.#take(offers[this.#options.chooser.choose(offers)] as WorldOffer)
    }
  }

  /** What a crash at this moment leaves: no run has got to recording its end. */
  remains(): Remains {
    const { entries } = this
    const runs = this.stored.map((stored) => ({ ...copyOf(stored), end: undefined }))
    return { time: this.clock.now(), runs, entries, faults: this.#faults }
  }

  /** Ends what still runs. */
  close(): void {
    for (const run of this.runs) run.close()
  }

  /** From here, and not from inside of a parent's code, so that a child has surroundings of its own. */
  begin(): void {
    for (const run of this.#toStart.splice(0)) void run.perform()
  }

  stepPlace(run: LiveRun, key: Key): Surroundings {
    return new StepPlace(this, run.stored, key)
  }

  codePlace({ stored }: LiveRun): Surroundings {
    const { plan, life } = this
    return new CodePlace(this, life, seededRandom(`${plan.seed} life ${life} ${stored.id}`))
  }

  child(effect: ChildEffect & { readonly id: string }, existing?: 'existing'): VirtualChild | undefined {
    let stored = this.stored.find(({ id }) => id === effect.id)
    if (stored === undefined && existing !== undefined) return undefined
    if (stored === undefined) {
      stored = newRun(effect.id, this.#codeOf(effect), effect.input, false)
      this.stored.push(stored)
      this.#add(stored)
    }
    return childOf(stored, (error) => this.plan.codec.encodeError(error))
  }

  /** Calls a step's function, or what the exploration wants in its place. */
  call(run: StoredRun, step: CalledStep, context: StepContext, own: () => unknown): unknown {
    const { recorded } = this.#options
    const { key, name } = step
    const place = placeOf(run, key)
    this.#idle.delete(place)
    if (recorded !== undefined && !recorded.has(attemptId(run, key, context.attempt))) {
      this.#idle.add(place)
      return new Promise(() => undefined)
    }
    const fate = this.#fate(context.attempt === 1 ? place : `${place} !attempt ${context.attempt}`, step)
    if (fate?.startsWith('!fail'))
      throw new Error(`${JSON.stringify(name)} failed, as the exploration wants it`)
    if (fate?.startsWith('!hang')) {
      this.#idle.add(place)
      return hanging(context.signal)
    }
    const found = inTable(this.plan.steps, step)
    if (found === undefined) return own()
    this.plan.used.add(found.entry)
    return found.fn(context)
  }

  isIdle({ stored }: LiveRun, key: Key): boolean {
    return this.#idle.has(placeOf(stored, key))
  }

  #fate(place: string, { key, name, timeout }: CalledStep): string | undefined {
    if (!this.mayHaveFault) return undefined
    const fates: Option[] = [{ label: '', fault: false }]
    if (this.plan.mayFail(key, name)) fates.push({ label: `!fail ${place}`, fault: true })
    const { plan } = this
    if (plan.mayHang(key, name) || (plan.mayTimeOut && timeout !== undefined))
      fates.push({ label: `!hang ${place}`, fault: true })
    if (fates.length === 1) return undefined
    const { label = '', fault = false } = fates[this.#options.chooser.choose(fates)] ?? {}
    if (!fault) return undefined
    this.taken.push({ label, entry: undefined })
    this.marks.push(label)
    this.#faults++
    return label
  }

  #take({ label, fault, run, take }: WorldOffer): void {
    if (fault) {
      this.#faults++
      const before = this.taken.map((one) => one.label).toSorted()
      this.marks.push(`${label} after ${before.join(', ')}`)
    }
    const { length } = run.journal
    take()
    const completion = run.journal.length > length ? run.journal.at(-1) : undefined
    const entry = completion && { run: run.stored, completion }
    this.taken.push({ label, entry })
    if (entry === undefined) return
    this.entries.push(entry)
    run.wake()
  }

  #add(stored: StoredRun): void {
    const run = new LiveRun(this, stored)
    this.runs.push(run)
    this.#toStart.push(run)
  }

  #codeOf({ workflow, workflowName = '' }: ChildEffect): WorkflowCode {
    const { children, used } = this.plan
    const instead = Object.hasOwn(children, workflowName) ? children[workflowName] : undefined
    if (instead === undefined) return workflow as WorkflowCode
    used.add(workflowName)
    return standIn(workflowName, instead)
  }

  #stuck(): string {
    const waits = this.runs
      .filter((run) => !run.over)
      .flatMap((run) => run.run.waitingKeys.map((key) => placeOf(run.stored, key)))
    const hung = waits.filter((place) => this.plan.hung.has(place) || this.#idle.has(place))
    return (
      `The run waits for ever, for ${waits.map((key) => JSON.stringify(key)).join(', ')}. ` +
      (hung.length > 0
        ? `${hung.map((key) => JSON.stringify(key)).join(', ')} hangs, and nothing has a timeout.`
        : 'An event that it waits for belongs into the option "events".')
    )
  }
}

function newRun(id: string, workflow: WorkflowCode, input: string, root: boolean): StoredRun {
  return { id, workflow, input, root, record: newRecord(), end: undefined, cancelAsked: undefined }
}

/** A function in place of a child workflow: one step, so that it is called once whatever crashes. */
function standIn(name: string, instead: (input: unknown) => unknown): WorkflowCode {
  return {
    name,
    definition: {
      execute: async (ctx, input: unknown) => {
        try {
          return await ctx.step(name, () => instead(input))
        } catch (error) {
          throw error instanceof StepError ? error.cause : error
        }
      },
    },
  }
}

function hanging(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason as Error)),
  )
}
