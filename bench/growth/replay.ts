/**
 * How a replay grows with what is recorded: `replay.ts [--steps 1000,10000] [--shape sequence,group] [--payload 0]`. Writes
 * a journal through the store, then lets an engine replay it until the run comes to its first step that is not recorded.
 * Prints one JSON line `{ series, x, value, unit }` for each figure. The longest stop of the event loop is of the replay
 * alone, garbage collection included.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { createEngine, parallel, step, workflow } from 'ai-workflows'
import { createCodec } from '../../src/core/codec/codec.ts'
import { sqliteStore } from '../../src/store/sqlite/index.ts'
import { peakMegabytes } from '../usage.ts'
import { longestTurn } from './longest-turn.ts'
import { print } from './print.ts'

const SHAPES = ['sequence', 'group'] as const
type Shape = (typeof SHAPES)[number]

const { values } = parseArgs({
  options: {
    steps: { type: 'string', default: '1000,10000,100000' },
    shape: { type: 'string', default: SHAPES.join(',') },
    payload: { type: 'string', default: '0' },
    dir: { type: 'string', default: tmpdir() },
  },
})
const payload = Number(values.payload)
const codec = createCodec()
const BATCH = 1000

/** A run of `n` recorded steps that nobody executes. */
async function record(dir: string, shape: Shape, n: number): Promise<void> {
  const store = await sqliteStore({ dir, durability: 'process-crash' })
  const { run } = await store.createRun({
    id: `${shape}-${n}`,
    workflow: shape,
    input: codec.encode(n, 'input'),
    parent: undefined,
    source: undefined,
    seed: '0'.repeat(32),
    createdAt: 0,
  })
  const claim = await store.claim({ no: run.no, epoch: run.epoch, owner: 'bench' })
  if (claim === undefined) throw new Error('the run is new, and somebody has claimed it')
  for (let from = 0; from < n; from += BATCH)
    await store.commit(
      Array.from({ length: Math.min(BATCH, n - from) }, (_, at) => {
        const step = from + at
        const result = payload === 0 ? step : `${step} `.padEnd(payload, 'x')
        const completion = {
          kind: 'step-done',
          key: shape === 'sequence' ? `step-${step}` : `parallel/${step}/step-${step}`,
          at: step,
          attempt: 1,
          startedAt: step,
          payload: codec.encode(result, 'result'),
        } as const
        return { kind: 'completion', claim, entry: { seq: step + 1, completion } } as const
      }),
    )
  await store.release(claim)
  await store.close()
}

let delivered = 0
let caughtUp: () => void = () => undefined

const last = async (): Promise<void> => {
  await step('last', ({ signal }) => {
    caughtUp()
    return new Promise<void>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error))
    })
  })
}
const notRecorded = (): never => {
  throw new Error('a recorded step was executed')
}
const flows = {
  sequence: workflow({
    name: 'sequence',
    execute: async (_ctx, n: number) => {
      for (let i = 0; i < n; i++) {
        await step(`step-${i}`, notRecorded)
        delivered++
      }
      await last()
    },
  }),
  group: workflow({
    name: 'group',
    execute: async (_ctx, n: number) => {
      const branch = (i: number) => async (): Promise<void> => {
        await step(`step-${i}`, notRecorded)
        delivered++
      }
      function* branches(): Generator<() => Promise<void>> {
        for (let i = 0; i < n; i++) yield branch(i)
      }
      await parallel(branches(), { concurrency: 100 })
      await last()
    },
  }),
}

async function replay(dir: string, shape: Shape, n: number): Promise<void> {
  const engine = createEngine({ dir })
  await engine.list() // opened
  delivered = 0
  const done = new Promise<void>((resolve) => {
    caughtUp = resolve
  })
  await new Promise((resolve) => setTimeout(resolve, 20))
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  await new Promise((resolve) => setTimeout(resolve, 5))
  const turns = longestTurn()
  delay.reset()
  const begun = performance.now()
  const runs = await engine.resume([flows[shape]])
  await done
  const elapsed = performance.now() - begun
  await new Promise((resolve) => setTimeout(resolve, 5)) // the last stop is measured when it is over
  delay.disable()
  const longest = turns.end()
  if (runs.length !== 1 || delivered !== n) throw new Error(`replayed ${delivered} of ${n} steps`)
  print(`replay ${shape}: time per step`, n, (elapsed * 1000) / n, 'µs')
  print(`replay ${shape}: longest stop of the event loop`, n, delay.max / 1e6, 'ms')
  print(`replay ${shape}: most processor time in one turn of the event loop`, n, longest, 'ms')
  print(`replay ${shape}: peak memory`, n, peakMegabytes(), 'MB')
  await engine.stop({ grace: 0 })
}

for (const shape of values.shape.split(',') as Shape[])
  for (const n of values.steps.split(',').map(Number)) {
    const dir = mkdtempSync(join(values.dir, 'replay-'))
    try {
      await record(dir, shape, n)
      await replay(dir, shape, n)
      await replay(dir, shape, n)
    } finally {
      rmSync(dir, { recursive: true })
    }
  }
