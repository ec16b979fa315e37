import type { Leaf } from './host.ts'
import { LargeMap } from './large-collections.ts'
import type { Completion, Key } from './ports/effects.ts'
import type { SmallMap } from './small-collections.ts'

/** What `execute` may know of a step: what the journal has told it so far, the same on replay. */
export interface StepInfo {
  readonly status: 'running' | 'completed' | 'failed' | 'cancelled'
  /** Milliseconds since the epoch; known once an attempt has ended. */
  readonly startedAt: number | undefined
  readonly completedAt: number | undefined
  /** Milliseconds of the last attempt. */
  readonly duration: number | undefined
  /** Attempts that have ended. */
  readonly attempts: number
}

/** By key. */
export type StepView = Readonly<Record<Key, StepInfo | undefined>>

const NEW: StepInfo = Object.freeze({
  status: 'running',
  startedAt: undefined,
  completedAt: undefined,
  duration: undefined,
  attempts: 0,
})

/**
 * What `ctx.steps` shows. It grows with the run, and few runs look at it: a step is in it from the end of its first attempt,
 * or its cancellation; before that it is known to run because somebody waits for it.
 */
export class StepTable {
  readonly #entries = new LargeMap<StepInfo>()
  /** Made when first looked at. */
  #view: StepView | undefined
  readonly #waitedFor: Pick<SmallMap<Key, Leaf>, 'get' | 'values'>

  /** @param waitedFor what the run waits for now, steps and others */
  constructor(waitedFor: Pick<SmallMap<Key, Leaf>, 'get' | 'values'>) {
    this.#waitedFor = waitedFor
  }

  /** Cannot be written to. */
  get view(): StepView {
    return (this.#view ??= new Proxy(this.#target(), {
      get: (target, key) => (typeof key === 'string' ? this.#get(key) : Reflect.get(target, key)),
      has: (_target, key) => typeof key === 'string' && this.#get(key) !== undefined,
      ownKeys: () => [...this.#keys()],
      getOwnPropertyDescriptor: (_target, key) => this.#property(key),
      set: refuse,
      defineProperty: refuse,
      deleteProperty: refuse,
      setPrototypeOf: refuse,
      preventExtensions: refuse,
    }))
  }

  completed(completion: Completion): void {
    if (completion.kind !== 'step-done' && completion.kind !== 'step-failed') return
    const { key, startedAt, at, attempt } = completion
    const again = completion.kind === 'step-failed' && completion.retryAt !== undefined
    this.#entries.set(key, {
      status: completion.kind === 'step-done' ? 'completed' : again ? 'running' : 'failed',
      startedAt,
      completedAt: again ? undefined : at,
      duration: again ? undefined : Math.max(0, at - startedAt), // a clock may go back
      attempts: attempt,
    })
  }

  /** It was waited for, and is not any more. */
  cancelled({ key, kind }: Leaf): void {
    if (kind === 'step') this.#entries.set(key, { ...(this.#entries.get(key) ?? NEW), status: 'cancelled' })
  }

  #get(key: Key): StepInfo | undefined {
    return this.#entries.get(key) ?? (this.#waitedFor.get(key)?.kind === 'step' ? NEW : undefined)
  }

  *#keys(): Generator<Key> {
    yield* this.#entries.keys()
    for (const { key, kind } of this.#waitedFor.values())
      if (kind === 'step' && this.#entries.get(key) === undefined) yield key
  }

  #property(key: string | symbol): PropertyDescriptor | undefined {
    const value = typeof key === 'string' ? this.#get(key) : undefined
    return value === undefined ? undefined : { value, enumerable: true, configurable: true, writable: true }
  }

  /** Without a prototype, so that a step may be called `__proto__` or `constructor`. `console.log` looks past the proxy. */
  #target(): StepView {
    const inspect = (): StepView => Object.assign(Object.create(null) as StepView, this.#view)
    return Object.create(null, {
      [Symbol.for('nodejs.util.inspect.custom')]: { value: inspect, configurable: true },
    }) as StepView
  }
}

function refuse(): never {
  throw new TypeError('ctx.steps is read only')
}
