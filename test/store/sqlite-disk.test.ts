import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { keys, stored } from '../../src/testing/store-cases/fixtures.ts'
import { compiled } from './disk/shim.ts'
import { open } from './places.ts'
import { folder } from '../support/folder.ts'
import { startChild } from './processes.ts'

describe('R2 R5 a write-ahead log that is deleted under two processes that use it', () => {
  it('is noticed by both, and what was acknowledged is kept even if they are killed then', async () => {
    const dir = folder()
    const file = join(dir, 'runs.db')
    const [one, other] = [startChild('commitUntilBroken', file), startChild('commitOtherUntilBroken', file)]
    const acknowledged = new Map<typeof one, number>()
    for (const child of [one, other])
      while ((acknowledged.get(child) ?? 0) < 10) acknowledged.set(child, Number(await child.line()))
    rmSync(`${file}-wal`)
    for (const child of [one, other]) {
      let said = await child.line()
      for (; /^\d+$/.test(said); said = await child.line()) acknowledged.set(child, Number(said))
      expect(said).toMatch(/missing .*runs\.db-wal.*deleted.*stop every process/)
    }
    for (const child of [one, other]) await child.kill()
    const store = await open({ file })
    for (const [child, id] of [
      [one, 'a'],
      [other, 'other'],
    ] as const) {
      const found = await keys(store, (await stored(store, id)).no)
      expect(found.length).toBeGreaterThanOrEqual(acknowledged.get(child) ?? 0)
    }
    expect(await store.maintenance!.doctor()).toMatchObject({ healthy: true })
  })
})

describe('R2 R5 a disk that fails', () => {
  it.for(['sync', 'write', 'write, now read-only'])(
    'at a %s: nothing is acknowledged any more, though the disk recovers, and all that was is there',
    async (call, { skip }) => {
      const dir = folder()
      const library = compiled('failing', dir)
      if (library === undefined) return skip('needs Linux and a C compiler')
      const file = join(dir, 'runs.db')
      const trigger = join(dir, 'trigger')
      const child = startChild('commitUntilBroken', file, {
        env: { LD_PRELOAD: library, FAILING_TRIGGER: trigger, FAILING_PREFIX: file },
      })
      let acknowledged = 0
      while (acknowledged < 20) acknowledged = Number(await child.line())
      writeFileSync(trigger, call)
      let said = await child.line()
      for (; /^\d+$/.test(said); said = await child.line()) acknowledged = Number(said)
      expect(said).toMatch(
        /^\d+ io Run database .*not known.*nothing more is written.*start this process again/,
      )
      // The second sync of a system that has lost what the first could not write may well succeed.
      rmSync(trigger)
      for (let n = 0; n < 3; n++) {
        child.tell()
        expect(await child.line()).toMatch(/^\d+ io .*nothing more is written/)
        expect(await child.line()).toBe(`reads ${acknowledged}`)
      }
      await child.kill()
      const store = await open({ file })
      const found = await keys(store, (await stored(store, 'a')).no)
      // What met the failure may be there or not: it was not acknowledged.
      expect(found.length - acknowledged).toBeOneOf([0, 1])
      expect(found).toEqual(found.map((_, n) => `step-${n + 1}`))
      expect(await store.maintenance!.doctor()).toMatchObject({ healthy: true })
    },
  )
})
