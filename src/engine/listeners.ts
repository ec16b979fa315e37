import { abortSignal, callable, checkOptions, nearest } from '../core/check.ts'
import { show } from '../core/duration.ts'
import type { Logger } from '../core/ports/logger.ts'
import {
  RUN_EVENT_KINDS,
  type RunEvent,
  type RunEventKind,
  type RunEventListener,
} from '../core/ports/observer.ts'
import { notifyOutside } from '../core/user-code.ts'

export interface ListenOptions {
  /** Aborted: the listener is called no more. */
  readonly signal?: AbortSignal
}

interface Subscription {
  readonly kind: RunEventKind | '*'
  readonly listener: (event: never) => unknown
  failed: boolean
  over: boolean
}

/**
 * Those who listen to an engine. What one of them throws is logged, the first time, and changes nothing; operations that it
 * creates belong to no run.
 */
export class Listeners {
  /** Never changed, but replaced: who comes while an event is told is told the next one. */
  #subscriptions: readonly Subscription[] = []
  /** What they listen to. */
  #kinds: ReadonlySet<RunEventKind | '*'> = new Set()

  /** Asked at every step. */
  want(kind: RunEventKind): boolean {
    return this.#kinds.size > 0 && (this.#kinds.has(kind) || this.#kinds.has('*'))
  }

  /**
   * @returns takes it out again
   * @throws {TypeError} there are no such events, or it is no function
   */
  add<K extends RunEventKind | '*'>(
    kind: K,
    listener: RunEventListener<K>,
    options?: ListenOptions,
  ): () => void {
    checkKind(kind)
    callable(listener, 'on() listener')
    checkOptions('on()', options, { signal: abortSignal })
    const signal = options?.signal
    const subscription: Subscription = { kind, listener, failed: false, over: false }
    const remove = (): void => {
      signal?.removeEventListener('abort', remove)
      subscription.over = true
      this.#replace(this.#subscriptions.filter((one) => one !== subscription))
    }
    if (signal?.aborted === true) return remove
    signal?.addEventListener('abort', remove)
    this.#replace([...this.#subscriptions, subscription])
    return remove
  }

  /** In the order in which they came. */
  tell(event: RunEvent, log: Logger): void {
    for (const subscription of this.#subscriptions)
      if (wants(subscription, event))
        notifyOutside(
          () => subscription.listener(event as never),
          (error) => mention(subscription, error, log),
        )
  }

  #replace(subscriptions: readonly Subscription[]): void {
    this.#subscriptions = subscriptions
    this.#kinds = new Set(subscriptions.map(({ kind }) => kind))
  }
}

function wants({ kind, over }: Subscription, event: RunEvent): boolean {
  return !over && (kind === '*' || kind === event.kind)
}

function mention(subscription: Subscription, error: unknown, log: Logger): void {
  if (subscription.failed) return
  subscription.failed = true
  log.warn(
    `A listener of ${JSON.stringify(subscription.kind)} threw. It is called on, and what it throws later is not logged`,
    { error },
  )
}

function checkKind(kind: unknown): void {
  if (kind === '*' || RUN_EVENT_KINDS.includes(kind as string)) return
  if (typeof kind !== 'string')
    throw new TypeError(`on(): expected the name of an event, such as "run.failed", got ${show(kind)}`)
  const [near] = nearest(kind, RUN_EVENT_KINDS)
  const hint =
    near === undefined
      ? `the events are ${RUN_EVENT_KINDS.join(', ')}, and "*" for all of them`
      : `did you mean ${JSON.stringify(near)}?`
  throw new TypeError(`on(): unknown event ${JSON.stringify(kind)}; ${hint}`)
}
