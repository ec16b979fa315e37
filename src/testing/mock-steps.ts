import { callable, checkOptions } from '../core/check.ts'
import { show } from '../core/duration.ts'
import type { StepFunction } from '../core/step-function.ts'
import { type CalledStep, standInForSteps } from '../core/step-stand-ins.ts'

/** Functions in place of those of steps, by the steps' names. A key (`parallel/2/charge`, `charge#2`) says it for one step alone, and goes first. */
export type StepTable = Readonly<Record<string, StepFunction<unknown>>>

/** One call of a function that stood in for a step's. */
export interface MockedCall {
  readonly step: string
  readonly key: string
  /** Undefined for a step outside of a workflow. */
  readonly runId: string | undefined
  readonly attempt: number
  readonly idempotencyKey: string
}

export interface StepMocks extends Disposable {
  /** Calls made so far, oldest first: of the steps of that name or key, or of all. */
  calls(step?: string): readonly MockedCall[]
  /** Entries of the table that no step has asked for: a step was renamed, or its branch not taken. */
  unused(): readonly string[]
  /** Gives the steps their own functions back, as the end of `using` does. Harmless when done again. */
  restore(): void
}

/**
 * Until it is disposed of, steps of these names run the given functions instead of their own: on every engine of this
 * process, in children, in `explore` and outside of a workflow. Retries, timeouts and cancellation stay as they are.
 * Where two have an entry for one step, the newer is taken.
 *
 * ```ts
 * using mocks = mockSteps({ charge: () => ({ id: 1 }) })
 * await orders.run(order)
 * expect(mocks.calls('charge')).toHaveLength(1)
 * ```
 *
 * @throws {TypeError} an entry is not a function
 */
export function mockSteps(table: StepTable): StepMocks {
  checkTable('mockSteps()', table)
  return new Mocks(table)
}

export function checkTable(where: string, table: unknown): void {
  if (table === undefined)
    throw new TypeError(`${where}: expected an object of functions, got ${show(table)}`)
  checkOptions(where, table, Object.fromEntries(Object.keys(Object(table)).map((name) => [name, callable])))
}

/** The table's function for a step, if it has one. */
export function inTable(
  table: StepTable,
  { key, name }: Pick<CalledStep, 'key' | 'name'>,
): { readonly entry: string; readonly fn: StepFunction<unknown> } | undefined {
  for (const entry of [key, name]) {
    const fn = Object.hasOwn(table, entry) ? table[entry] : undefined
    if (fn !== undefined) return { entry, fn }
  }
  return undefined
}

class Mocks implements StepMocks {
  readonly #calls: MockedCall[] = []
  readonly #unused: Set<string>
  readonly restore: () => void

  constructor(table: StepTable) {
    this.#unused = new Set(Object.keys(table))
    this.restore = standInForSteps((step, context, own) => {
      const found = inTable(table, step)
      if (found === undefined) return own()
      const { runId, key, name } = step
      const { attempt, idempotencyKey } = context
      this.#unused.delete(found.entry)
      this.#calls.push({ step: name, key, runId, attempt, idempotencyKey })
      return found.fn(context)
    })
  }

  calls(step?: string): readonly MockedCall[] {
    return this.#calls.filter((call) => step === undefined || call.step === step || call.key === step)
  }

  unused(): readonly string[] {
    return [...this.#unused]
  }

  [Symbol.dispose](): void {
    this.restore()
  }
}
