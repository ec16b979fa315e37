/**
 * Loads in a process of its own, which says what is left when they are over: `node --expose-gc load.ts <load> <size>`.
 * Prints one line of JSON.
 */
import {
  createEngine,
  type EmbeddedEngine,
  memoryStore,
  parallel,
  race,
  step,
  workflow,
} from '../../../src/index.ts'
import { VirtualClock } from '../../../src/testing/index.ts'
import { getEventListeners } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const [, , load = '', sizeText = '1', durability = 'process-crash'] = process.argv
const size = Number(sizeText)
const clock = new VirtualClock(Date.UTC(2030, 0, 1))
/** Lives as long as the process, as a server's does. */
const longLived = new AbortController()

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
}

const three = workflow({
  name: 'three',
  execute: async (_ctx, n: number) => {
    const a = await step('a', () => n)
    const [b, c] = await parallel(
      [step('b', () => a + 1), step('c', async ({ signal }) => Number(signal.aborted))],
      {
        timeout: '1h',
        signal: longLived.signal,
      },
    )
    return a + b + c
  },
})

const wide = workflow({
  name: 'wide',
  execute: async (_ctx, count: number) => {
    const steps = Array.from({ length: count }, (_, n) => step(`step ${n}`, () => n))
    const results = await parallel(steps, { concurrency: 100, timeout: '1w', signal: longLived.signal })
    return results.reduce((sum, one) => sum + one, 0)
  },
})

const day = workflow({
  name: 'day',
  execute: async (ctx) => {
    let ticks = 0
    for (; ticks < 288; ticks++) {
      await ctx.sleep('5m')
      if (ticks % 96 === 0)
        await race([step('quick', () => 1), ctx.sleep('1w'), ctx.waitForEvent('never', { timeout: '1d' })], {
          timeout: '1h',
          signal: longLived.signal,
        })
    }
    return ticks
  },
})

/** @returns whether every result was right */
const LOADS: Readonly<Record<string, (engine: EmbeddedEngine) => Promise<boolean>>> = {
  /** So many runs at once, three steps each. */
  async runs(engine) {
    const runs = await Promise.all(Array.from({ length: size }, (_, n) => three.start(n, { engine })))
    const results = await Promise.all(runs.map((run) => run.result()))
    return results.every((result, n) => result === 2 * n + 1)
  },
  /** So many steps in one group. */
  async steps(engine) {
    return (await wide.run(size, { engine })) === (size * (size - 1)) / 2
  },
  /** So many runs that sleep for five minutes, 288 times: a day. */
  async day(engine) {
    const runs = await Promise.all(Array.from({ length: size }, () => day.start(undefined, { engine })))
    const results = Promise.all(runs.map((run) => run.result()))
    for (let at = 0; at < 288; at++) {
      await engine.idle()
      clock.advance(5 * 60_000)
    }
    return (await results).every((ticks) => ticks === 288)
  },
}

interface Left {
  readonly heap: number
  readonly resources: readonly string[]
  readonly descriptors: number
  readonly listeners: number
  readonly abortListeners: number
  readonly pending: number
}

/** What the process holds, after everything that can be collected was. */
async function held(): Promise<Left> {
  for (let round = 0; round < 4; round++) {
    await turns(10)
    ;(globalThis as { gc?: () => void }).gc?.()
  }
  return {
    heap: process.memoryUsage().heapUsed,
    resources: process.getActiveResourcesInfo().filter((name) => name !== 'PipeWrap'),
    descriptors: readdirSync('/proc/self/fd').length,
    listeners: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
    abortListeners: getEventListeners(longLived.signal, 'abort').length,
    pending: clock.pending,
  }
}

/** One engine, from its first use to its stop. */
async function round(): Promise<boolean> {
  const dir = mkdtempSync(join(tmpdir(), 'load-'))
  const engine =
    load === 'day'
      ? createEngine({ store: memoryStore(), clock })
      : createEngine({ dir, durability: durability as 'full' })
  try {
    return (await LOADS[load]?.(engine)) ?? false
  } finally {
    await engine.stop()
    rmSync(dir, { recursive: true, force: true })
  }
}

// Twice: what the first round left behind once for ever (compiled code, caches) is no leak.
const right = [await round()]
const before = await held()
right.push(await round())
const after = await held()
process.stdout.write(`${JSON.stringify({ right, before, after })}\n`)
