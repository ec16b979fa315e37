import { expect, onTestFinished, test } from 'vitest'
import { sqliteStore } from '../../src/store/sqlite/index.ts'
import { newRun, note } from '../../src/testing/store-cases/fixtures.ts'
import { folder } from '../support/folder.ts'

test('marks change with every write, of this connection or another, and not otherwise', async () => {
  const dir = folder()
  const [here, there] = [await sqliteStore({ dir }), await sqliteStore({ dir })]
  onTestFinished(async () => void (await Promise.all([here.close(), there.close()])))
  const { run } = await here.createRun(newRun('a'))
  const { run: other } = await here.createRun(newRun('b'))
  const marks = async () => [await here.marks?.all(), await here.marks?.of(run.no)]
  const untouched = await here.marks?.of(other.no)
  const changes = async (write: () => Promise<unknown>): Promise<readonly boolean[]> => {
    const before = await marks()
    expect(await marks()).toEqual(before)
    await write()
    const after = await marks()
    return after.map((mark, at) => mark !== before[at])
  }
  const claim = { no: run.no, epoch: 1 }
  const event = { run: run.no, kind: 'event', name: 'e', payload: '1', at: 1 } as const
  for (const store of [here, there]) {
    expect(await changes(() => store.post(event))).toEqual([true, true])
    expect(await changes(() => store.createRun(newRun(`more-${store === here}`)))).toEqual([true, false])
  }
  expect(await changes(() => there.claim({ no: run.no, epoch: 0, owner: 'o' }))).toEqual([true, true])
  expect(await changes(() => there.commit([note(claim, 's')]))).toEqual([true, true])
  expect(await here.marks?.of(other.no)).toBe(untouched)
  expect(await here.marks?.of(999)).toBeUndefined()
})
