/** What crosses between a client, a run and its children. JSON: Restate's UI shows it. */
import type { Encoded, Key } from '../core/ports/effects.ts'

/** Given to the handler `run`. Restate starts it once for each id (M12). */
export interface Begin {
  readonly input: Encoded
  /** 32 hexadecimal digits, from which `ctx.random` and `ctx.uuid` grow. */
  readonly seed: string
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  readonly parent?: { readonly id: string; readonly key: Key }
  /** The workflow's schema has not looked at the input yet: a parent cannot wait for that. */
  readonly unchecked?: boolean
  /** Of a run that is repeated (`retry`), its own id: Restate knows each execution by another. */
  readonly id?: string
  /** Restate's id of the execution that this one repeats: what succeeded there is not done again. */
  readonly repeats?: string
  /** How often the run was repeated. Default 0. */
  readonly round?: number
}

/** What a run says about itself as soon as it has begun. */
export interface About {
  readonly begin: Begin
  /** Restate's id of it: `inv_…`. */
  readonly invocation: string
}

/** What `run` returns. A run that fails is a terminal error with a `Failure` in its metadata. */
export interface Completed {
  readonly output: Encoded
  readonly endedAt: number
}

/** Metadata of a terminal error: text alone. */
export interface Failure extends Record<string, string> {
  readonly status: 'failed' | 'cancelled'
  readonly error: Encoded
  readonly endedAt: string
}

/** Given to the handler `signal`, and kept for the run under the next free number. */
export interface Sent {
  readonly name: string
  readonly payload: Encoded
  readonly at: number
}

/** Given to the handler `cancel`. */
export interface CancelRequest {
  readonly reason: Encoded
  readonly at: number
}

/** Handlers of the service that a workflow is. */
export const RUN = 'run'
export const SIGNAL = 'signal'
export const CANCEL = 'cancel'
export const ABOUT = 'about'
export const RETRY = 'retry'
export const SUCCESSOR = 'successor'
export const RECORDED = 'recorded'

/** Durable promises of a run. */
export const CANCEL_PROMISE = 'cancel'
/** The id of the execution that repeats the run. */
export const RETRIED_PROMISE = 'retried'
export const ENDED_PROMISE = 'ended'
export const inboxPromise = (place: number): string => `inbox/${place}`
