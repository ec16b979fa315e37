import { StoreError, type StoreProblem } from 'ai-workflows'
import type { Store } from '../../../src/core/ports/store.ts'

type Verb = Exclude<keyof Store, 'location'>

interface Plan {
  /** Calls that pass first. */
  after: number
  /** Calls that fail then. */
  times: number
  readonly problem: StoreProblem
  /** Only calls with such arguments count. */
  readonly matches: (args: readonly unknown[]) => boolean
  /** The write happened, and the answer got lost. */
  readonly late: boolean
}

/** A real store whose verbs fail when a test says so. */
export interface FaultyStore {
  readonly store: Store
  fail(verb: Verb, plan?: Partial<Plan>): void
  /** Every call of the verb waits until it is let go. @returns lets go */
  hold(verb: Verb, matches?: Plan['matches']): () => void
  /** Resolves when a held call has come. */
  held(): Promise<void>
  /** From now on nothing fails. */
  recover(): void
  readonly failed: number
}

export function faultyStore(inner: Store): FaultyStore {
  const plans = new Map<Verb, Plan[]>()
  const gates = new Map<Verb, { readonly open: Promise<void>; readonly matches: Plan['matches'] }>()
  let failed = 0
  let arrival = Promise.withResolvers<void>()

  const failure = (verb: Verb, args: readonly unknown[]): Plan | undefined => {
    for (const plan of plans.get(verb) ?? []) {
      if (!plan.matches(args)) continue
      if (plan.after-- > 0) continue
      if (plan.times-- > 0) return plan
    }
    return undefined
  }
  const call = async (verb: Verb, args: readonly unknown[]): Promise<unknown> => {
    const gate = gates.get(verb)
    if (gate?.matches(args)) {
      arrival.resolve()
      await gate.open
    }
    const plan = failure(verb, args)
    const real = (): Promise<unknown> =>
      (inner[verb] as (...all: readonly unknown[]) => Promise<unknown>)(...args)
    if (plan === undefined) return await real()
    if (plan.late) await real()
    failed++
    throw new StoreError(plan.problem, `Injected: ${verb} (${plan.problem})`)
  }
  const store = Object.fromEntries(
    Object.keys(inner).map((name) => [
      name,
      name === 'location' ? inner.location : (...args: unknown[]) => call(name as Verb, args),
    ]),
  ) as unknown as Store
  return {
    store,
    fail(verb, { after = 0, times = 1, problem = 'io', matches = () => true, late = false } = {}) {
      plans.set(verb, [...(plans.get(verb) ?? []), { after, times, problem, matches, late }])
    },
    hold(verb, matches = () => true) {
      const { promise, resolve } = Promise.withResolvers<void>()
      arrival = Promise.withResolvers()
      gates.set(verb, { open: promise, matches })
      return () => {
        gates.delete(verb)
        resolve()
      }
    },
    held: () => arrival.promise,
    recover: () => plans.clear(),
    get failed() {
      return failed
    },
  }
}

/** A store that outlives its engines, as a file does. */
export function lasting(store: Store): Store {
  return { ...store, close: () => Promise.resolve() }
}
