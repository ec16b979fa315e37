/**
 * The only source of time (D6). Two kinds of it: the wall clock, which is recorded and which people set, and steady
 * time, which only measures and never jumps. Milliseconds throughout.
 */
export interface Clock {
  /** Wall-clock time since the epoch: for what is recorded, and for deadlines that outlive the process. */
  now(): number
  /** Since some fixed moment of this process; never goes back, and does not jump when somebody sets the clock. */
  steady(): number
  /**
   * Calls `fire` once, at or after the wall-clock time `at` and never synchronously. Any finite `at` is allowed, past or
   * decades ahead. A wall clock that jumps is noticed, within half a minute.
   * @returns cancels the call; harmless when it has been made already.
   */
  schedule(at: number, fire: () => void): () => void
  /** Calls `fire` once, after `delay` of steady time and never synchronously. @returns cancels the call */
  after(delay: number, fire: () => void): () => void
  /**
   * Calls `fire` again and again, about every `interval` of steady time: for looking around. It may come late, and
   * less often.
   * @param background it does not keep the process alive. Default: it does
   * @returns ends it
   */
  every(interval: number, fire: () => void, background?: boolean): () => void
}
