import type { Attributes, Context, Tracer } from '@opentelemetry/api'
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

/** The span of a group, and who waits for a place in it. One that ends in a replay has ended before: its span is dropped. */
export class GroupSpan implements Surrounding {
  readonly #of: GroupSurroundings
  readonly #opened: Opened
  readonly #measured: Attributes
  readonly #startedAt: number
  /** Its branches are pulled from an iterable when there is a place, so none waits for one. */
  readonly #pulled: boolean
  #started = 0
  #slots = 0

  constructor(of: GroupSurroundings, { key, shape }: Grouped, parent: Context) {
    const { kind, limit, size } = shape
    const name = nameOf(key)
    this.#of = of
    this.#startedAt = of.clock.steady()
    this.#pulled = size === 0
    this.#measured = { ...of.measured, [GROUP_NAME]: name, [GROUP_KIND]: kind }
    this.#opened = open(of.tracer, name === kind ? kind : `${kind} ${name}`, parent, {
      ...of.attributes,
      [GROUP_NAME]: name,
      [GROUP_KIND]: kind,
      [GROUP_KEY]: key,
      ...(limit === undefined ? {} : { [GROUP_LIMIT]: limit }),
    })
  }

  within<T>(body: () => T): T {
    return callIn(this.#opened.context, body)
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

  ended({ total, completed, failed }: Progressing['counts']): void {
    this.#use(0)
    close(this.#opened, { [GROUP_SIZE]: total, [GROUP_COMPLETED]: completed, [GROUP_FAILED]: failed })
  }

  #use(slots: number): void {
    this.#of.instruments.slotsChanged(this.#measured, slots - this.#slots)
    this.#slots = slots
  }
}
