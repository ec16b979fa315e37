/**
 * Large results: `payloads.ts [--sizes 1000,100000,10000000] [--total 20000000]`. Steps one after the other, each with a
 * result of so many characters, beside raw SQLite (one transaction for each, `synchronous = FULL`), then a replay of them.
 * `records` are small objects, `text` one string: what a value costs depends on its shape. Prints one JSON line
 * `{ series, x, value, unit }` for each figure; "of JSON alone" is the longest of `JSON.stringify` and `JSON.parse` of such
 * a value here, which nothing that is built on them can be shorter than.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { createEngine, step, workflow } from 'ai-workflows'
import { print } from './growth/print.ts'

const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: '1000,100000,10000000' },
    total: { type: 'string', default: '20000000' },
    dir: { type: 'string', default: tmpdir() },
  },
})

interface Record {
  readonly id: number
  readonly name: string
  readonly tags: readonly string[]
}

/** Values of about `size` characters. */
const SHAPES = {
  text: (size: number): string => 'x'.repeat(size),
  records: (size: number): readonly Record[] =>
    Array.from({ length: Math.ceil(size / 54) }, (_, id) => ({
      id,
      name: `customer ${id}`,
      tags: ['a', 'b'],
    })),
} as const
type Shape = keyof typeof SHAPES

/** Milliseconds that `work` takes, and the longest stop of the event loop meanwhile. */
async function measured(
  work: () => Promise<void>,
): Promise<{ readonly took: number; readonly stop: number }> {
  await sleep(20)
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  await sleep(5)
  delay.reset()
  const begun = performance.now()
  await work()
  const took = performance.now() - begun
  await sleep(5)
  delay.disable()
  return { took, stop: delay.max / 1e6 }
}

function raw(dir: string, count: number, value: unknown): number {
  const db = new DatabaseSync(join(dir, 'raw.db'))
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (n INTEGER, v TEXT)')
  const insert = db.prepare('INSERT INTO t VALUES (?, ?)')
  const begun = performance.now()
  for (let n = 0; n < count; n++) insert.run(n, JSON.stringify(value))
  const took = performance.now() - begun
  db.close()
  return took
}

function json(value: unknown): number {
  const begun = performance.now()
  const text = JSON.stringify(value)
  const written = performance.now()
  JSON.parse(text)
  return Math.max(written - begun, performance.now() - written)
}

async function measure(dir: string, shape: Shape, size: number, count: number): Promise<void> {
  let calls = 0
  let lengths = 0
  let caughtUp: () => void = () => undefined
  const whole = new Promise<void>((resolve) => (caughtUp = resolve))
  const flow = workflow({
    name: 'payloads',
    execute: async () => {
      for (let n = 0; n < count; n++) {
        const value = made[n] ?? null
        const result = await step(`step-${n}`, () => {
          calls++
          return value
        })
        lengths += result?.length ?? 0
      }
      caughtUp()
      await step('last', ({ signal }) => new Promise((resolve) => signal.addEventListener('abort', resolve)))
    },
  })
  const value = SHAPES[shape](size)
  const made = Array.from({ length: count }, () => value)
  const floor = raw(dir, count, value)
  const alone = Math.max(json(value), json(value), json(value))
  const first = createEngine({ dir })
  await first.list()
  const live = await measured(async () => {
    await flow.start(undefined, { engine: first })
    await whole
  })
  await first.stop({ grace: 0 })
  if (calls !== count || lengths !== count * value.length) throw new Error(`${calls} of ${count} steps ran`)
  lengths = 0
  const again = createEngine({ dir })
  await again.list()
  const replayed = new Promise<void>((resolve) => (caughtUp = resolve))
  const replay = await measured(async () => {
    await again.resume([flow])
    await replayed
  })
  await again.stop({ grace: 0 })
  if (calls !== count || lengths !== count * value.length) throw new Error('the replay was another one')
  print(`${shape}: time per result`, size, live.took / count, 'ms')
  print(`${shape}: × raw SQLite`, size, live.took / floor, '')
  print(`${shape}: longest stop of the event loop`, size, live.stop, 'ms')
  print(`${shape}: longest stop of JSON alone`, size, alone, 'ms')
  print(`${shape}: time per replayed result`, size, replay.took / count, 'ms')
  print(`${shape}: longest stop of the event loop in a replay`, size, replay.stop, 'ms')
  print('peak memory', size, process.resourceUsage().maxRSS / 1024, 'MB')
}

for (const size of values.sizes.split(',').map(Number))
  for (const shape of Object.keys(SHAPES) as Shape[]) {
    const dir = mkdtempSync(join(values.dir, 'payloads-'))
    try {
      await measure(dir, shape, size, Math.min(1000, Math.max(3, Math.round(Number(values.total) / size))))
    } finally {
      rmSync(dir, { recursive: true })
    }
  }
