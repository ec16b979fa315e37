/** Calls of functions that users gave for other things than work: what they do wrong changes no run. */
import { runOutside } from './ambient.ts'

/** Calls one that only watches. What it throws, at once or as a promise, is told to `onError`. */
export function notify(call: () => unknown, onError: (error: unknown) => void): void {
  try {
    const returned = call()
    if (returned instanceof Promise) returned.catch(onError)
  } catch (error) {
    onError(error)
  }
}

/** The same, outside of any run and step: operations that it creates, and promises that it forgets, are not theirs. */
export function notifyOutside(call: () => unknown, onError: (error: unknown) => void): void {
  notify(() => runOutside(call), onError)
}

/**
 * The answer of one that has to decide at once. A promise is truthy whatever it will resolve to, so it is no answer.
 * @throws {TypeError} it is a promise
 */
export function answer<T>(returned: T, what: string): T {
  if (!(returned instanceof Promise)) return returned
  returned.catch(() => undefined) // nobody else will ever look at it
  throw new TypeError(`${what} returned a promise: it has to decide at once, so it cannot be async`)
}
