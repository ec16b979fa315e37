/**
 * How cost grows with nesting: `depth.ts [--depths 1,10,100,1000]`. One step inside that many groups, function branches or
 * child runs, on the memory store. Prints one JSON line `{ series, x, value, unit }` for each figure: the median time of a
 * run for each level, warm.
 */
import { parseArgs } from 'node:util'
import { createEngine, memoryStore, type Operation, parallel, step, workflow } from 'ai-workflows'
import { median } from '../statistics.ts'
import { print } from './print.ts'

const { values } = parseArgs({ options: { depths: { type: 'string', default: '1,10,100,1000' } } })
const ROUNDS = 7

const engine = createEngine({ store: memoryStore() })

const groups = workflow({
  name: 'groups',
  execute: async (_ctx, depth: number) => {
    let whole: Operation<unknown> = step('innermost', () => depth)
    for (let level = 0; level < depth; level++) whole = parallel([whole])
    return unwrapped(await whole)
  },
})

const branches = workflow({
  name: 'branches',
  execute: async (_ctx, depth: number) => {
    const inside = (level: number): Operation<unknown> =>
      level === 0 ? step('innermost', () => depth) : parallel([async () => await inside(level - 1)])
    return unwrapped(await inside(depth))
  },
})

interface Nested {
  readonly depth: number
  readonly left: number
}

const children = workflow({
  name: 'children',
  execute: async (ctx, { depth, left }: Nested): Promise<number> =>
    left === 0 ? await step('innermost', () => depth) : await ctx.invoke(children, { depth, left: left - 1 }),
})

function unwrapped(nested: unknown): unknown {
  let value = nested
  while (Array.isArray(value)) value = value[0]
  return value
}

async function measure(series: string, depth: number, run: () => Promise<unknown>): Promise<void> {
  const times: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const begun = performance.now()
    const result = await run()
    times.push(performance.now() - begun)
    if (result !== depth) throw new Error(`${series} ${depth} deep gave ${String(result)}`)
  }
  print(series, depth, (median(times) * 1000) / depth, 'µs per level')
}

for (const depth of values.depths.split(',').map(Number)) {
  await measure('groups in groups', depth, () => groups.run(depth, { engine }))
  await measure('function branches', depth, () => branches.run(depth, { engine }))
  await measure('child runs', depth, () => children.run({ depth, left: depth }, { engine }))
}
await engine.stop()
