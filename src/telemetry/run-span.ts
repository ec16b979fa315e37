import {
  type Context,
  context,
  createContextKey,
  type Link,
  ROOT_CONTEXT,
  type Tracer,
} from '@opentelemetry/api'
import type { CancelledError } from '../core/errors.ts'
import type { Key } from '../core/ports/effects.ts'
import type { Grouped, Progressing } from '../core/ports/observer.ts'
import type {
  AttemptTrace,
  RunTrace,
  TracedAttempt,
  TracedRun,
  TracedRunEnd,
} from '../core/ports/telemetry.ts'
import {
  ERROR_TYPE,
  errorType,
  ofWorkflow,
  RUN_ID,
  RUN_PARENT,
  RUN_RECORDED,
  RUN_STATUS,
} from './attributes.ts'
import { GroupSpan, inGroup } from './group-span.ts'
import type { Instruments } from './instruments.ts'
import { originOf, readOrigin } from './origin.ts'
import { callIn, close, open, type Opened } from './spans.ts'
import { StepSpan, type StepSurroundings } from './step-span.ts'

/** Which run code belongs to. Callbacks of the engine may inherit the context of another one. */
const RUN = createContextKey('ai-workflows run')

/**
 * The span of one execution of a run. Invariants:
 * 1. The first execution nests under whoever created the run. Each later one is a trace of its own, linked to the first.
 * 2. What a replay repeats has no span, and no span is kept longer than what it is about.
 * 3. Every span that is opened is closed, once; after the execution's own none is opened.
 */
export class RunSpan implements RunTrace {
  readonly origin: string | undefined
  readonly #run: TracedRun
  readonly #opened: Opened
  readonly #context: Context
  readonly #surroundings: StepSurroundings
  /** Under way. */
  readonly #groups = new Map<Progressing, GroupSpan>()
  readonly #backingOff = new Map<Key, StepSpan>()
  /** Where the replay asked for steps and children: those that are still wanted when it is over begin then. */
  readonly #held = new Map<Key, Context>()
  /** Where those were asked for that begin later, whenever that is. */
  readonly #waiting = new Map<Key, Context>()
  #over = false

  constructor(run: TracedRun, { tracer, instruments }: { tracer: Tracer; instruments: Instruments }) {
    const measured = ofWorkflow(run.workflow)
    const attributes = { ...measured, [RUN_ID]: run.id }
    this.#run = run
    this.#surroundings = {
      tracer,
      instruments,
      clock: run.clock,
      attributes,
      measured,
      retrying: (key, step) => this.#backingOff.set(key, step),
    }
    const name = run.workflow === undefined ? 'run' : `run ${run.workflow}`
    const parent = run.isNew ? context.active() : ROOT_CONTEXT
    const more = {
      ...(run.parent === undefined ? {} : { [RUN_PARENT]: run.parent }),
      ...(run.recordedSteps === 0 ? {} : { [RUN_RECORDED]: run.recordedSteps }),
    }
    const first = readOrigin(run.origin)
    const links: Link[] = first === undefined ? [] : [{ context: first }]
    this.#opened = open(tracer, name, parent, { ...attributes, ...more }, links)
    this.#context = this.#opened.context.setValue(RUN, this)
    this.origin = originOf(this.#opened.span)
    if (run.isFirst) instruments.runStarted(measured)
  }

  within<T>(body: () => T): T {
    return callIn(this.#context, body)
  }

  groupBegan(group: Grouped, before: number | undefined): void {
    if (this.#over) return // code that no cancellation reaches goes on, and nobody executes what it asks for
    const span = new GroupSpan(this.#surroundings, group, this.#here())
    if (before === undefined) span.open()
    this.#groups.set(group, span)
    group.surrounding = span
  }

  groupChanged(group: Progressing, before: number | undefined): void {
    this.#groups.get(group)?.changed(group.counts, before === undefined)
  }

  groupEnded(group: Progressing, before: number | undefined): void {
    const span = this.#groups.get(group)
    this.#groups.delete(group)
    if (before === undefined) span?.open()
    span?.close(group.counts)
  }

  caughtUp(): void {
    for (const [group, span] of this.#groups) {
      span.open()
      span.changed(group.counts, true)
    }
    queueMicrotask(() => this.#held.clear()) // those that are still wanted begin at once, or wait
  }

  held(key: Key): void {
    // A step that has failed before the crash is asked for again, by the engine: the first time says where it belongs.
    if (!this.#held.has(key)) this.#held.set(key, this.#here())
  }

  waits(key: Key): void {
    if (!this.#backingOff.has(key)) this.#waiting.set(key, this.#askedFor(key))
  }

  attemptBegins(attempt: TracedAttempt): AttemptTrace {
    const { key } = attempt
    const known = this.#backingOff.get(key)
    if (known !== undefined) {
      this.#backingOff.delete(key)
      known.again(attempt)
      return known
    }
    return new StepSpan(this.#surroundings, attempt, this.#take(key))
  }

  childBegins(key: Key, begin: () => void): void {
    callIn(this.#take(key), begin)
  }

  cancelled(key: Key, reason: CancelledError): void {
    this.#held.delete(key)
    this.#waiting.delete(key)
    this.#backingOff.get(key)?.cancelled(reason)
    this.#backingOff.delete(key)
  }

  ended({ status, error }: TracedRunEnd): void {
    this.#over = true
    const isEnd = status === 'completed' || status === 'failed' || status === 'cancelled'
    for (const step of this.#backingOff.values())
      if (isEnd) step.cancelled({ kind: 'run-ended' })
      else step.left()
    for (const [group, span] of this.#groups) span.close(group.counts)
    this.#backingOff.clear()
    this.#groups.clear()
    this.#held.clear()
    this.#waiting.clear()
    const failed = status === 'failed' || status === 'blocked'
    close(this.#opened, { [RUN_STATUS]: status }, failed ? { error } : undefined)
    if (status === 'waiting' || status === 'interrupted') return
    const { measured, instruments } = this.#surroundings
    const { clock, createdAt } = this.#run
    const attributes = { ...measured, [RUN_STATUS]: status }
    instruments.runEnded(
      failed ? { ...attributes, [ERROR_TYPE]: errorType(error) } : attributes,
      Math.max(0, clock.now() - createdAt) / 1000,
    )
  }

  #askedFor(key: Key): Context {
    return this.#waiting.get(key) ?? this.#held.get(key) ?? this.#here()
  }

  /** Where what begins now was asked for. */
  #take(key: Key): Context {
    const asked = inGroup(this.#askedFor(key))
    this.#held.delete(key)
    this.#waiting.delete(key)
    return asked
  }

  /** Where the code that runs now belongs, if that is in this run. */
  #here(): Context {
    const active = context.active()
    return active.getValue(RUN) === this ? active : this.#context
  }
}
