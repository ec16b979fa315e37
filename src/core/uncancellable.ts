import { show } from './duration.ts'
import { callInScope, Scope } from './scope.ts'

/** A run that does not end before the function that this returns is called. */
export interface Holdable {
  hold(): () => void
}

/**
 * Calls `fn` in a scope that no cancellation around it reaches. What it began and did not wait for belongs to the scope
 * around it afterwards, as with a function branch.
 * @throws {TypeError} `fn` is not a function
 */
export function uncancellableIn<T>(run: Holdable, around: Scope, fn: () => T | PromiseLike<T>): Promise<T> {
  if (typeof fn !== 'function')
    throw new TypeError(`ctx.uncancellable(): expected a function, got ${show(fn)}`)
  const scope = new Scope(around.host, `${around.keyFor('uncancellable')}/`)
  const release = run.hold()
  return callInScope(scope, () => fn(), undefined).finally(() => {
    scope.bequeath(around)
    release()
  })
}
