import { expect, test } from 'vitest'
import type { Store, Write } from '../../src/core/ports/store.ts'
import { systemClock } from '../../src/core/system-clock.ts'
import { GroupCommit } from '../../src/engine/group-commit.ts'
import { memoryStore } from '../../src/store/memory/index.ts'
import { end, entry, started, stepDone } from '../../src/testing/store-cases/fixtures.ts'

/** Commits the writes that are pushed in one turn. @returns how many each transaction had */
async function batches(sizes: readonly number[]): Promise<number[]> {
  const store = memoryStore()
  const claim = await started(store)
  const counts: number[] = []
  const counting: Store = {
    ...store,
    commit(writes) {
      counts.push(writes.length)
      return store.commit(writes)
    },
  }
  const told: Write[] = []
  const commits = new GroupCommit(counting, systemClock)
  const sink = {
    committed: (write: Write) => void told.push(write),
    refused: (error: unknown) => expect.unreachable(String(error)),
  }
  const writes: Write[] = sizes.map((size, n) => entry(claim, n + 1, stepDone(`k${n}`, 'x'.repeat(size))))
  writes.push(end(claim, 'completed'))
  for (const write of writes) commits.push(write, sink)
  await commits.idle()
  expect(told).toEqual(writes)
  expect(await store.readJournal(claim.no, 0)).toHaveLength(sizes.length)
  return counts
}

const MEGABYTE = 1024 * 1024

test('D3: what is written in one turn is one transaction, up to 256 writes', async () => {
  expect(await batches(Array<number>(255).fill(10))).toEqual([256])
  expect(await batches(Array<number>(600).fill(10))).toEqual([256, 256, 89])
})

test('D3: one transaction has a million characters at most besides its first write, however large that is', async () => {
  expect(await batches([MEGABYTE, MEGABYTE, MEGABYTE])).toEqual([2, 2])
  expect(await batches([9 * MEGABYTE, MEGABYTE, 1, 1])).toEqual([2, 3])
  expect(await batches([1, 9 * MEGABYTE, MEGABYTE / 2, MEGABYTE / 2, 1])).toEqual([1, 3, 2])
  expect(await batches(Array<number>(12).fill(MEGABYTE / 4))).toEqual([5, 5, 3])
})
