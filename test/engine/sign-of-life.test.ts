/** An engine takes its first run together with its first sign of life: one transaction, or neither of them (R4). */
import { createEngine, type EmbeddedEngine, memoryStore, step, StoreError, workflow } from 'ai-workflows'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { Store } from '../../src/core/ports/store.ts'
import { systemClock } from '../../src/core/system-clock.ts'
import { systemRandom } from '../../src/core/system-random.ts'
import { claimed, newRun, stored } from '../../src/testing/store-cases/fixtures.ts'
import { connect, fileIn } from '../../src/store/sqlite/connection.ts'
import { storeOver } from '../../src/store/sqlite/index.ts'
import { folder } from '../support/folder.ts'

const code = workflow({ name: 'orders', execute: () => step('s', () => 1) })

function over(store: Store): EmbeddedEngine {
  const engine = createEngine({ store })
  onTestFinished(() => engine.stop({ grace: 0 }))
  return engine
}

/** Of an engine that is dead. */
async function leftBehind(store: Store): Promise<void> {
  const { run } = await store.createRun(newRun('a', { workflow: 'orders', input: 'jnull' }))
  await claimed(store, run, 'gone')
}

/** Its next sign of life is not taken. */
function mute(store: Store): Store {
  let failed = false
  const heartbeat: Store['heartbeat'] = async (owner) => {
    if (failed) return await store.heartbeat(owner)
    failed = true
    throw new StoreError('io', 'the disk failed')
  }
  return { ...store, heartbeat }
}

test('R4: a new run whose engine could not say that it lives is given back, and can be gone on with', async () => {
  const store = memoryStore()
  const engine = over(mute(store))
  await expect(engine.start(code, null, { id: 'a' })).rejects.toMatchObject({ problem: 'io' })
  expect(await stored(store, 'a')).toMatchObject({ status: 'pending', owner: undefined })
  expect(await code.run(null, { engine, id: 'a' })).toBe(1)
})

test('R4: so is one that a dead engine has left behind', async () => {
  const store = memoryStore()
  await leftBehind(store)
  const engine = over(mute(store))
  await expect(engine.start(code, null, { id: 'a' })).rejects.toMatchObject({ problem: 'io' })
  expect(await stored(store, 'a')).toMatchObject({ status: 'pending', owner: undefined })
  expect(await code.run(null, { engine, id: 'a' })).toBe(1)
})

test.each(['new', 'left behind'] as const)(
  'R2: a process whose first run is %s waits for the disk three times',
  async (state) => {
    const patience = { clock: systemClock, random: systemRandom, limit: 5000 }
    const connection = await connect(fileIn(folder()), 'process-crash', patience)
    const store = storeOver(connection, patience)
    if (state === 'left behind') await leftBehind(store)
    const executed = vi.spyOn(connection.db, 'exec')
    expect(await code.run(null, { engine: over(store), id: 'a' })).toBe(1)
    // It lives and has the run; the step; the end.
    expect(executed.mock.calls.filter(([sql]) => sql === 'COMMIT')).toHaveLength(3)
  },
)

test('R2: to open a database that is up to date writes nothing', async () => {
  const patience = { clock: systemClock, random: systemRandom, limit: 5000 }
  const path = fileIn(folder())
  const first = await connect(path, 'process-crash', patience)
  onTestFinished(() => first.db.close())
  const version = (): unknown => first.db.prepare('PRAGMA data_version').get()
  const before = version()
  const second = await connect(path, 'process-crash', patience)
  expect(version()).toEqual(before)
  second.db.exec('PRAGMA user_version = 2')
  expect(version()).not.toEqual(before) // a write would have shown
  second.db.close()
})
