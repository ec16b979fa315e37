/** Executes a program in a virtual world, from nothing or from what an earlier world left behind. */
import { CompensationError } from 'ai-workflows'
import { VirtualClock } from 'ai-workflows/testing'
import { createCodec } from '../../src/core/codec/codec.ts'
import type { ChildEffect, Effects, Key } from '../../src/core/ports/effects.ts'
import { type LoopOptions, runLoop } from '../../src/core/run-loop.ts'
import type { RunOutcome } from '../../src/core/ending.ts'
import { Run } from '../../src/core/run.ts'
import { nextTurn } from '../../src/core/turn.ts'
import type { ChildEnd, VirtualChild } from '../../src/testing/virtual/activity.ts'
import type { Director } from '../../src/testing/virtual/director.ts'
import { impatientClock } from '../../src/testing/virtual/impatient-clock.ts'
import type { VirtualRecord } from '../../src/testing/virtual/record.ts'
import { VirtualEffects } from '../../src/testing/virtual/virtual-effects.ts'
import { execute, type Surroundings } from './interpreter.ts'
import type { Block } from './program.ts'
import { describe, type Seen } from './seen.ts'

export const codec = createCodec()

/** How things stand when a completion has been dealt with. */
export interface Standing {
  /** How much the program has seen. */
  readonly seen: number
  /** What the run waits for. */
  readonly waiting: readonly Key[]
}

export interface Simulation {
  readonly trace: readonly Seen[]
  readonly record: VirtualRecord
  /** By number of completions dealt with. */
  readonly standings: ReadonlyMap<number, Standing>
  readonly calls: readonly string[]
  readonly compensable: ReadonlySet<Key>
  readonly outcome: Seen
  readonly ended: RunOutcome
}

/** The parts under test: replaced by broken ones to see that the properties notice. */
export interface Parts {
  readonly loop: (run: Run, effects: Effects, options: LoopOptions) => Promise<RunOutcome>
  readonly effects: (effects: VirtualEffects) => Effects
}

export const realParts: Parts = { loop: runLoop, effects: (effects) => effects }

export interface SimulationOptions {
  readonly program: Block
  readonly director: (outside: AbortController) => Director
  readonly parts?: Parts
  readonly record?: VirtualRecord
  readonly countLostAttempts?: boolean
}

const CREATED_AT = 1_000_000

const EVENTS = [
  { name: 'e', payload: codec.encode(1, 'payload') },
  { name: 'f', payload: codec.encode(2, 'payload') },
  { name: 'e', payload: codec.encode(4, 'payload') },
]

const silent = { debug() {}, info() {}, warn() {}, error() {} }

/** @throws when the run breaks a rule, or hangs */
export async function simulate(options: SimulationOptions): Promise<Simulation> {
  const { program, director, parts = realParts, record, countLostAttempts = true } = options
  const outside = new AbortController()
  const clock = new VirtualClock(record?.completions.at(-1)?.at ?? CREATED_AT)
  const standings = new Map<number, Standing>()
  const problems: string[] = []
  const around = new Around(clock, outside.signal)
  const world: VirtualEffects = new VirtualEffects({
    clock,
    codec,
    director: director(outside),
    events: EVENTS,
    child,
    ...(record === undefined ? {} : { record }),
    countLostAttempts,
    onDelivered(delivered) {
      const waiting = run.waitingKeys.toSorted()
      standings.set(delivered, { seen: around.trace.length, waiting })
      const running = world.activeKeys.toSorted()
      if (delivered === world.journal.length && String(waiting) !== String(running))
        problems.push(
          `after ${delivered}, the run waits for [${waiting.join()}] and the world runs [${running.join()}]`,
        )
    },
  })
  const effects = parts.effects(world)
  const identity = {
    id: 'run',
    name: 'program',
    seed: '0123456789abcdef0123456789abcdef',
    createdAt: CREATED_AT,
  }
  const run = new Run(identity, effects, codec, silent)
  run.begin((ctx) => execute(program, ctx, around), undefined)
  const outcome = await parts.loop(run, effects, { clock: impatientClock, patience: 0 })
  await nextTurn()
  world.close()
  await nextTurn()
  problems.push(
    ...world.violations,
    ...sectionsCutOff(around.trace),
    ...wronglyUndone(around, world, outcome),
  )
  if (world.activeKeys.length > 0) problems.push(`left behind: ${world.activeKeys.join(', ')}`)
  if (clock.pending !== around.delays) problems.push(`${clock.pending - around.delays} timers are left`)
  if (problems.length > 0) throw new Error(problems.join('\n'))
  const { trace, calls, compensable } = around
  return {
    trace,
    record: world.record,
    standings,
    calls,
    compensable,
    outcome: describe(outcome),
    ended: outcome,
  }
}

function child({ key, workflowName, input }: ChildEffect): VirtualChild {
  const failure = (): string => codec.encodeError(new RangeError(`child ${String(codec.decode(input))}`))
  const ends: Readonly<Record<string, ChildEnd>> = {
    'child-done': { status: 'done', payload: input },
    'child-failed': { status: 'failed', payload: failure() },
  }
  return { id: `child:${key}`, end: ends[workflowName ?? ''], cancel: () => undefined }
}

class Around implements Surroundings {
  readonly trace: Seen[] = []
  readonly calls: string[] = []
  readonly compensable = new Set<Key>()
  readonly undone: Surroundings['undone'] = []
  readonly outside: AbortSignal
  /** Timers that belong to step functions which run on. */
  delays = 0
  readonly #clock: VirtualClock

  constructor(clock: VirtualClock, outside: AbortSignal) {
    this.#clock = clock
    this.outside = outside
  }

  delay(ms: number): Promise<void> {
    this.delays++
    return new Promise((resolve) => {
      this.#clock.schedule(this.#clock.now() + ms, () => {
        this.delays--
        resolve()
      })
    })
  }
}

/** The run has waited for every section that began. */
function sectionsCutOff(trace: readonly Seen[]): string[] {
  const count = (what: string): number => trace.filter((seen) => seen === describe([what])).length
  const open = count('section begins') - count('section ends')
  return open === 0 ? [] : [`${open} sections were cut off`]
}

/** Compensations get what the journal has of their step, and what the run failed with. */
function wronglyUndone({ undone }: Around, world: VirtualEffects, outcome: RunOutcome): string[] {
  const error = outcome.status === 'completed' ? undefined : outcome.error
  const reason = describe(error instanceof CompensationError ? error.cause : error)
  return undone.flatMap(({ key, result, error: given }) => {
    const done = world.journal.find((one) => one.kind === 'step-done' && one.key === key)
    const recorded = done?.kind === 'step-done' ? describe(codec.decode(done.payload)) : 'nothing'
    if (describe(result) !== recorded) return [`${key} is undone with ${describe(result)}, not ${recorded}`]
    return describe(given) === reason ? [] : [`${key} is undone because of ${describe(given)}, not ${reason}`]
  })
}
