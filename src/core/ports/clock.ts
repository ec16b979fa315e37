/** The only source of time (D6). Milliseconds since the epoch throughout. */
export interface Clock {
  now(): number
  /**
   * Calls `fire` once, at or after `at` and never synchronously. Any finite `at` is allowed, past or decades ahead.
   * @returns cancels the call; harmless when it has been made already.
   */
  schedule(at: number, fire: () => void): () => void
}
