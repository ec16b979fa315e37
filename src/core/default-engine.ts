import type { Engine } from './ports/engine.ts'

let make: (() => Engine) | undefined
let current: Engine | undefined

/** Says how the default engine is made, when one is first needed. For the package's front door. */
export function provideDefaultEngine(factory: () => Engine): void {
  make = factory
}

/** Uses `engine` for every workflow that is not told another; `undefined` goes back to the embedded one in `.ai-workflows/`. */
export function setDefaultEngine(engine: Engine | undefined): void {
  current = engine
}

export function defaultEngine(): Engine {
  current ??= make?.()
  if (current === undefined)
    throw new TypeError("There is no engine: import { workflow } from 'ai-workflows', or pass { engine }")
  return current
}
