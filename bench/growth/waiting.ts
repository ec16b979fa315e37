/**
 * What runs that only wait cost in memory: `waiting.ts [--runs 1000,10000]`. Starts that many that wait for an event, and
 * looks at the heap after a full collection: when they have been put away (R7), as many of them as an engine without
 * options puts away, and none. Prints one JSON line `{ series, x, value, unit }` for each figure.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createEngine, type Duration, type EmbeddedEngine, workflow } from 'ai-workflows'
import { heapBytes } from '../usage.ts'
import { print } from './print.ts'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000,10000' },
    dir: { type: 'string', default: tmpdir() },
  },
})

const waits = workflow({
  name: 'waits',
  execute: async (ctx, n: number) => {
    await ctx.waitForEvent('go')
    return n
  },
})

interface State {
  readonly series: string
  readonly parkAfter?: Duration
  /** Of so many runs, how many are put away. */
  readonly parked: (count: number) => number
}

async function measure({ series, parkAfter, parked }: State, count: number): Promise<void> {
  const dir = mkdtempSync(join(values.dir, 'waiting-'))
  const engine = createEngine({ dir, durability: 'process-crash', ...(parkAfter && { parkAfter }) })
  try {
    await (await waits.start(-1, { engine, id: 'warm' })).signal('go')
    await waits.get('warm', { engine }).result()
    const before = heapBytes()
    await startAll(engine, count, parked(count))
    const each = (heapBytes() - before) / count
    print(series, count, Math.round(each), 'B per run')
    const woken = waits.get('run-7', { engine })
    await woken.signal('go')
    if ((await woken.result()) !== 7) throw new Error('a run that waited did not go on')
  } finally {
    await engine.stop({ grace: 0 })
    rmSync(dir, { recursive: true, force: true })
  }
}

async function startAll(engine: EmbeddedEngine, count: number, toPark: number): Promise<void> {
  let parked = 0
  const all = new Promise<void>((resolve) => {
    const stop = engine.on('*', ({ kind }) => {
      if (kind === 'run.waiting' && ++parked === toPark) resolve(stop())
    })
  })
  for (let n = 0; n < count; n += 250)
    await Promise.all(
      Array.from({ length: Math.min(250, count - n) }, (_, at) =>
        waits.start(n + at, { engine, id: `run-${n + at}` }),
      ),
    )
  if (toPark > 0) await all
  await engine.idle() // the last ones have left, too
}

const STATES: readonly State[] = [
  { series: 'waiting, put away', parkAfter: '200ms', parked: (count) => count },
  { series: 'waiting, within the first five seconds', parked: (count) => Math.max(0, count - 1000) },
  { series: 'waiting, in memory', parkAfter: '1h', parked: () => 0 },
]

for (const count of values.runs.split(',').map(Number))
  for (const state of STATES) await measure(state, count)
