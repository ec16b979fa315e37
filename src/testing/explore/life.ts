import type { Encoded } from '../../core/ports/effects.ts'
import { sameValue } from '../../core/same-value.ts'
import type { Chooser, Schedule } from './chooser.ts'
import { placeOf, type RunEnd } from './live-run.ts'
import type { Plan } from './plan.ts'
import { attemptId, type Entry, type Remains, World, type WorldOptions } from './world.ts'

/** What happened in one life of the run, or up to where it got into trouble. */
export interface Life {
  /** Its luck: what its code finds outside of steps. */
  readonly number: number
  readonly taken: World['taken']
  readonly entries: readonly Entry[]
  /** Of the explored run. */
  readonly end: RunEnd | undefined
  /** Of all runs, by id. */
  readonly ends: ReadonlyMap<string, RunEnd | undefined>
  /** Accidents and what came before each: lives that agree in this should come to the same output. */
  readonly marks: string
  /** What `observe` gave at the end. */
  readonly observed: Encoded | undefined
  readonly trouble: Error | undefined
  readonly remains: Remains
}

/** Numbers lives, so that each has its own luck. */
export class Lives {
  readonly #plan: Plan
  #count = 0

  constructor(plan: Plan) {
    this.#plan = plan
  }

  /** A life from nothing. */
  async live(chooser: Chooser): Promise<Life> {
    await this.#plan.before()
    return await this.#perform({ chooser, life: this.#count++ })
  }

  /** What `lived` was like until a crash after so many completions. */
  async crash(chooser: Chooser, crashAt: number, lived: Life): Promise<Life> {
    const recorded = new Set<string>()
    for (const { run, completion } of lived.entries.slice(0, crashAt))
      if ('attempt' in completion) recorded.add(attemptId(run, completion.key, completion.attempt))
    await this.#plan.before()
    return await this.#perform({ chooser, crashAt, recorded, life: lived.number })
  }

  async resume(chooser: Chooser, remains: Remains): Promise<Life> {
    return await this.#perform({ chooser, remains, life: this.#count++ })
  }

  async #perform(options: Omit<WorldOptions, 'plan'>): Promise<Life> {
    const plan = this.#plan
    const world = new World({ plan, ...options })
    let trouble: Error | undefined
    try {
      await world.perform()
    } catch (error) {
      trouble = error as Error
    }
    const crashed = trouble === undefined && options.crashAt !== undefined
    const remains = world.remains()
    if (!crashed) world.close()
    const violated = world.runs.flatMap(({ virtual }) => virtual.violations)
    if (violated.length > 0) trouble ??= new Error(`A rule of the library is broken: ${violated.join('; ')}`)
    const ends = new Map(world.stored.map(({ id, end }) => [id, end]))
    return {
      number: options.life,
      taken: world.taken,
      entries: world.entries,
      end: world.root.end,
      ends,
      marks: world.marks.toSorted().join('; '),
      observed:
        crashed || plan.observe === undefined
          ? undefined
          : plan.codec.encode(await plan.observe(), 'observe()'),
      trouble,
      remains,
    }
  }
}

export function scheduleOf(life: Life): Schedule {
  return life.taken.map(({ label }) => label)
}

/** Where two lives differ that should have been the same; undefined when they do not. */
export function difference(one: Life, other: Life, plan: Plan): string | undefined {
  return (
    differentEntry(one.entries, other.entries, plan) ??
    differentEnd(one, other, plan) ??
    (samePayload(one.observed, other.observed, plan) ? undefined : 'What `observe` gave at the end differs.')
  )
}

/** The same for the first of two lists of completions, as far as the shorter goes. */
export function differentEntry(
  one: readonly Entry[],
  other: readonly Entry[],
  plan: Plan,
): string | undefined {
  for (let index = 0; index < Math.min(one.length, other.length); index++) {
    const [a, b] = [one[index], other[index]]
    if (a === undefined || b === undefined || sameEntry(a, b, plan)) continue
    return `What was recorded differs: ${placeOf(a.run, a.completion.key)}.`
  }
  return undefined
}

function differentEnd(one: Life, other: Life, plan: Plan): string | undefined {
  for (const id of new Set([...one.ends.keys(), ...other.ends.keys()]))
    if (!sameEnd(one.ends.get(id), other.ends.get(id), plan))
      return id === one.remains.runs[0]?.id
        ? 'The output differs.'
        : `The output of child ${JSON.stringify(id)} differs.`
  return one.entries.length === other.entries.length ? undefined : 'Other things were recorded.'
}

export function sameEnd(one: RunEnd | undefined, other: RunEnd | undefined, plan: Plan): boolean {
  return one?.status === other?.status && samePayload(one?.payload, other?.payload, plan)
}

function sameEntry(
  { run, completion: a }: Entry,
  { run: otherRun, completion: b }: Entry,
  plan: Plan,
): boolean {
  return (
    run.id === otherRun.id &&
    a.kind === b.kind &&
    a.key === b.key &&
    samePayload('payload' in a ? a.payload : undefined, 'payload' in b ? b.payload : undefined, plan)
  )
}

/** Errors are the same if they say the same, wherever they were thrown. */
function samePayload(one: Encoded | undefined, other: Encoded | undefined, { codec }: Plan): boolean {
  if (one === undefined || other === undefined) return one === other
  return sameValue(codec, one, other)
}
