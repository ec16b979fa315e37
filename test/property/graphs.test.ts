/**
 * M2 in random graphs: tasks that share operations, wait for them in every way, and lose or drop them, in many orders of
 * completions, each crashed after every completion.
 */
import { any, type Operation, parallel, race, step, workflow } from 'ai-workflows'
import { explore } from 'ai-workflows/testing'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { places } from '../../bench/dag/places.ts'

const RUNS = Math.ceil(Number(process.env['AI_WORKFLOWS_PROPERTY_RUNS'] ?? 1000) / 10)

/** How a task waits for those that it needs. `loose`: for the first, and drops the others. */
const strict = fc.constantFrom('all' as const, 'group' as const, 'twice' as const, 'one by one' as const)
const loose = fc.constantFrom('race' as const, 'any' as const)

type Way = 'all' | 'group' | 'twice' | 'one by one' | 'race' | 'any'

interface Node {
  /** Numbers of earlier ones. */
  readonly needs: readonly number[]
  readonly way: Way
  /** Whether the operation is a group of a function branch, or a step alone (which then needs nothing). */
  readonly bare: boolean
}

const graph = (way: fc.Arbitrary<Way>): fc.Arbitrary<readonly Node[]> =>
  fc
    .array(fc.record({ needs: fc.array(fc.nat(9), { maxLength: 3 }), way, bare: fc.boolean() }), {
      minLength: 2,
      maxLength: 6,
      size: 'max',
    })
    .map((nodes) =>
      nodes.map(({ needs, ...rest }, index) => ({
        ...rest,
        needs: index === 0 ? [] : [...new Set(needs.map((need) => need % index))],
      })),
    )

async function wait(operations: readonly Operation<number>[], way: Way): Promise<readonly number[]> {
  if (operations.length === 0) return []
  switch (way) {
    case 'all':
      return await Promise.all(operations)
    case 'group':
      return await parallel(operations)
    case 'twice':
      return (await Promise.all([parallel(operations), ...operations]))[0]
    case 'one by one': {
      const values: number[] = []
      for (const operation of operations) values.push(await operation)
      return values
    }
    case 'race':
      return [await race(operations)]
    case 'any':
      return [await any(operations)]
  }
}

/** What a task's result is when everything that it needs is done: the paths that lead to it. */
function paths(nodes: readonly Node[]): readonly number[] {
  const results: number[] = []
  for (const { needs } of nodes) results.push(needs.reduce((sum, need) => sum + (results[need] ?? NaN), 1))
  return results
}

interface Plan {
  readonly nodes: readonly Node[]
  readonly limit: number
  /** Those that the run itself waits for. */
  readonly wanted: readonly number[]
  /** How it does: with a group, which may settle, or with plain awaits alone. */
  readonly root: 'group' | 'settle' | 'plain'
}

function flowOf({ nodes, limit, wanted, root }: Plan, seen: Seen) {
  return workflow({
    name: 'graph',
    execute: async () => {
      const enter = places(limit)
      const tasks: Operation<number>[] = []
      for (const [index, { needs, way, bare }] of nodes.entries()) {
        const perform = (inputs: readonly number[]) => (): number => {
          seen.start(index, needs)
          return inputs.reduce((sum, input) => sum + input, 1)
        }
        const needed = needs.map((need) => tasks[need]).filter((one) => one !== undefined)
        const run = async (): Promise<number> => {
          const inputs = await wait(needed, way)
          return await enter(() => step('run', perform(inputs)))
        }
        tasks.push(bare && needs.length === 0 ? step(`task-${index}`, perform([])) : shared(run, index))
      }
      const branches = wanted.map((index) => tasks[index]).filter((one) => one !== undefined)
      if (root === 'plain') return await Promise.all(branches)
      return await parallel(branches, { settle: root === 'settle' })
    },
  })
}

/** A function as an operation: nobody else takes part in the race. */
function shared(run: () => Promise<number>, index: number): Operation<number> {
  return race([run], { name: `task-${index}` })
}

/** What the functions of steps notice. */
class Seen {
  readonly problems: string[] = []
  /** In this life, and in those before the crash. */
  #started = new Set<number>()
  readonly #strict: boolean

  constructor(strict: boolean) {
    this.#strict = strict
  }

  reset(): void {
    this.#started = new Set()
  }

  start(index: number, needs: readonly number[]): void {
    this.#started.add(index)
    if (this.#strict)
      for (const need of needs)
        if (!this.#started.has(need)) this.problems.push(`${index} started before ${need}, which it needs`)
  }
}

const plan = (way: fc.Arbitrary<Way>, everything: boolean): fc.Arbitrary<Plan> =>
  fc
    .record({
      nodes: graph(way),
      limit: fc.constantFrom(1, 2, Number.POSITIVE_INFINITY),
      some: fc.array(fc.nat(9), { minLength: 1, maxLength: 4 }),
      root: fc.constantFrom('group' as const, 'settle' as const, 'plain' as const),
    })
    .map(({ some, nodes, ...rest }) => ({
      ...rest,
      nodes,
      wanted: everything ? [...nodes.keys()] : [...new Set(some.map((one) => one % nodes.length))],
    }))

/** Small, because there are many of them: what one graph does not show, another does. */
const effort = { orders: 8, crashes: 40 } as const

describe('graphs of shared operations', () => {
  test('M2: every task runs once, after those that it needs, in every order and after every crash', async () => {
    await fc.assert(
      fc.asyncProperty(plan(strict, false), async (plan) => {
        const seen = new Seen(true)
        const expected = paths(plan.nodes)
        const values = plan.wanted.map((index) => expected[index])
        const report = await explore(flowOf(plan, seen), {
          ...effort,
          input: undefined,
          before: () => seen.reset(),
        })
        expect(seen.problems).toEqual([])
        expect(report.ends).toHaveLength(1)
        const output = report.ends[0]?.output
        expect(output).toEqual(
          plan.root === 'settle' ? values.map((value) => ({ status: 'fulfilled', value })) : values,
        )
      }),
      { numRuns: RUNS },
    )
  }, 600_000)

  test('M2: what a race or an `any` drops runs on for whoever else wants it', async () => {
    await fc.assert(
      fc.asyncProperty(plan(fc.oneof(strict, loose), true), async (plan) => {
        const report = await explore(flowOf(plan, new Seen(false)), {
          ...effort,
          input: undefined,
          orderMatters: true,
          check: ({ status, steps }) => {
            expect(status).toBe('completed')
            expect(Object.values(steps)).toEqual(plan.nodes.map(() => 'completed'))
          },
        })
        expect(report.orders).toBeGreaterThan(0)
      }),
      { numRuns: RUNS },
    )
  }, 600_000)

  test('M2 D4: failures, steps that hang and cancellations change nothing after a crash', async () => {
    await fc.assert(
      fc.asyncProperty(plan(fc.oneof(strict, loose), false), async (plan) => {
        const report = await explore(flowOf(plan, new Seen(false)), {
          ...effort,
          input: undefined,
          orderMatters: true,
          failures: true,
          cancel: true,
          faults: 2,
        })
        expect(report.crashes).toBeGreaterThan(0)
      }),
      { numRuns: RUNS },
    )
  }, 600_000)
})
