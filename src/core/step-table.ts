import type { Completion, Key } from './ports/effects.ts'

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

/** `ctx.steps`: grows with the run, read through a view that cannot be written to. */
export class StepTable {
  /** Without a prototype, so that a step may be called `__proto__` or `constructor`. */
  readonly #entries: Record<Key, StepInfo> = Object.create(null) as Record<Key, StepInfo>
  readonly view: Readonly<Record<Key, StepInfo | undefined>> = new Proxy(this.#entries, {
    set: refuse,
    defineProperty: refuse,
    deleteProperty: refuse,
    setPrototypeOf: refuse,
    preventExtensions: refuse,
  })

  started(key: Key): void {
    this.#entries[key] ??= {
      status: 'running',
      startedAt: undefined,
      completedAt: undefined,
      duration: undefined,
      attempts: 0,
    }
  }

  completed(completion: Completion): void {
    if (completion.kind !== 'step-done' && completion.kind !== 'step-failed') return
    const { key, startedAt, at, attempt } = completion
    const again = completion.kind === 'step-failed' && completion.retryAt !== undefined
    this.#entries[key] = {
      status: completion.kind === 'step-done' ? 'completed' : again ? 'running' : 'failed',
      startedAt,
      completedAt: again ? undefined : at,
      duration: again ? undefined : Math.max(0, at - startedAt), // a clock may go back
      attempts: attempt,
    }
  }

  cancelled(key: Key): void {
    const entry = this.#entries[key]
    if (entry !== undefined) this.#entries[key] = { ...entry, status: 'cancelled' }
  }
}

function refuse(): never {
  throw new TypeError('ctx.steps is read only')
}
