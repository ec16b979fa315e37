import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { sqliteStore } from '../../src/store/sqlite/index.ts'
import { keys } from '../../src/testing/store-cases/fixtures.ts'
import { afterPowerLoss, readRecording, type Remains } from './disk/power-loss.ts'
import { compiled } from './disk/shim.ts'
import { folder } from '../support/folder.ts'
import { startChild } from './processes.ts'

/** More of them with the environment variable POWER_LOSSES. */
const MOMENTS = Number(process.env['POWER_LOSSES'] ?? 40)

/** Mulberry32: the same fates every time. */
function fates(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** @returns how many acknowledged entries are not there. What is there is in order and whole. */
async function lost({ files, acknowledged }: Remains): Promise<number> {
  const file = join(folder(), 'runs.db')
  for (const [name, content] of files) writeFileSync(`${file}${name}`, content)
  const store = await sqliteStore({ file })
  try {
    const run = await store.getRun('a')
    const found = run === undefined ? [] : await keys(store, run.no)
    expect(found).toEqual(found.map((_, n) => `step-${n + 1}`))
    expect(
      (await store.maintenance!.doctor()).findings.filter(({ severity }) => severity === 'damage'),
    ).toEqual([])
    return Math.max(0, acknowledged - found.length)
  } finally {
    await store.close()
  }
}

async function losses(durability: string, library: string): Promise<number[]> {
  const dir = folder()
  const file = join(dir, 'runs.db')
  const log = join(dir, 'recording')
  const child = startChild('commitRecorded', file, {
    env: { LD_PRELOAD: library, RECORDING_PREFIX: file, RECORDING_LOG: log, DURABILITY: durability },
  })
  expect(await child.line()).toBe('done')
  await child.kill()
  const operations = readRecording(log)
  const random = fates(7)
  // From the moment at which the file exists as a database: before, nothing was acknowledged.
  const first = operations.findIndex(({ file: name }) => name === '-ack')
  const counts: number[] = []
  for (let n = 0; n < MOMENTS; n++) {
    const moment = first + 1 + Math.floor(random() * (operations.length - first))
    counts.push(await lost(afterPowerLoss(operations, moment, random)))
  }
  return counts
}

describe('R2 after a simulated power failure, at any moment, unsynced writes kept, torn or dropped', () => {
  it('everything acknowledged is there with full durability; without, some is not, but what is there is whole', async ({
    skip,
  }) => {
    const library = compiled('recording', folder())
    if (library === undefined) return skip('needs Linux and a C compiler')
    expect(await losses('full', library)).toEqual(Array(MOMENTS).fill(0))
    const relaxed = await losses('process-crash', library)
    expect(relaxed.filter((count) => count > 0).length).toBeGreaterThan(MOMENTS / 10)
  })
})
