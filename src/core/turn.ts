/**
 * Draining of microtasks (D2). Both functions must be awaited from a microtask (any async function past its first
 * `await`): a tick scheduled there runs only when the microtask queue is empty, as documented for `process.nextTick`.
 */

/** Resolves when every microtask that can run now, and all that those cause, has run. */
export function drained(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve))
}

/** The same, and lets timers and I/O have a turn: for now and then in a long replay. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
