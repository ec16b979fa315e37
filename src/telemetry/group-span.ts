import { type Attributes, type Context, createContextKey, trace, type Tracer } from '@opentelemetry/api'
import { nameOf } from '../core/key.ts'
import type { Clock } from '../core/ports/clock.ts'
import type { Grouped, Progressing } from '../core/ports/observer.ts'
import type { Surrounding } from '../core/ports/surrounding.ts'
import {
  GROUP_COMPLETED,
  GROUP_FAILED,
  GROUP_KEY,
  GROUP_KIND,
  GROUP_LIMIT,
  GROUP_NAME,
  GROUP_SIZE,
} from './attributes.ts'
import type { Instruments } from './instruments.ts'
import { callIn, close, open, type Opened } from './spans.ts'

/** What the groups of a run have in common. */
export interface GroupSurroundings {
  readonly tracer: Tracer
  readonly instruments: Instruments
  readonly clock: Clock
  readonly attributes: Attributes
  readonly measured: Attributes
}

/** The group that began in a replay, and that code was called in before it had a span. */
const GROUP = createContextKey('ai-workflows group')

/**
 * The span of a group, and who waits for a place in it. Invariants:
 * 1. A span that is opened is closed. A group that is over when the replay is has had its span: it gets no other.
 * 2. Branches that a replay has started know their group all the same, and nest in its span once it has one.
 */
export class GroupSpan implements Surrounding {
  readonly #of: GroupSurroundings
  readonly #name: string
  readonly #parent: Context
  readonly #attributes: Attributes
  readonly #measured: Attributes
  readonly #startedAt: number
  /** Its branches are pulled from an iterable when there is a place, so none waits for one. */
  readonly #pulled: boolean
  #context: Context
  #opened: Opened | undefined
  #over = false
  #started = 0
  #slots = 0

  /** @param parent where it was asked for */
  constructor(of: GroupSurroundings, { key, shape }: Grouped, parent: Context) {
    const { kind, limit, size } = shape
    const name = nameOf(key)
    this.#of = of
    this.#name = name === kind ? kind : `${kind} ${name}`
    this.#parent = parent
    this.#context = parent.setValue(GROUP, this)
    this.#startedAt = of.clock.steady()
    this.#pulled = size === 0
    this.#measured = { ...of.measured, [GROUP_NAME]: name, [GROUP_KIND]: kind }
    this.#attributes = {
      ...of.attributes,
      [GROUP_NAME]: name,
      [GROUP_KIND]: kind,
      [GROUP_KEY]: key,
      ...(limit === undefined ? {} : { [GROUP_LIMIT]: limit }),
    }
  }

  /** It goes on, and no replay does. */
  open(): void {
    if (this.#opened !== undefined || this.#over) return
    this.#opened = open(this.#of.tracer, this.#name, inGroup(this.#parent), this.#attributes)
    this.#context = this.#opened.context
  }

  within<T>(body: () => T): T {
    return callIn(this.#context, body)
  }

  /** Where code is that was called in it before it had a span, unless it has opened one of its own since. */
  whereIs(context: Context): Context {
    if (trace.getSpan(context) !== trace.getSpan(this.#parent)) return context
    this.open()
    const span = this.#opened?.span
    return span === undefined ? context : trace.setSpan(context, span)
  }

  changed({ completed, failed, running }: Progressing['counts'], live: boolean): void {
    const { instruments, clock } = this.#of
    const started = completed + failed + running
    if (live) {
      if (!this.#pulled)
        for (let more = started - this.#started; more > 0; more--)
          instruments.branchStarted(this.#measured, (clock.steady() - this.#startedAt) / 1000)
      this.#use(running)
    }
    this.#started = started
  }

  /** It has its outcome, or its run is over, or goes on elsewhere. */
  close({ total, completed, failed }: Progressing['counts']): void {
    this.#over = true
    this.#use(0)
    if (this.#opened !== undefined)
      close(this.#opened, { [GROUP_SIZE]: total, [GROUP_COMPLETED]: completed, [GROUP_FAILED]: failed })
  }

  #use(slots: number): void {
    this.#of.instruments.slotsChanged(this.#measured, slots - this.#slots)
    this.#slots = slots
  }
}

/** Where the code of this context is, once no replay goes on. */
export function inGroup(context: Context): Context {
  const group = context.getValue(GROUP) as GroupSpan | undefined
  return group === undefined ? context : group.whereIs(context)
}
