/** M5: operations that nobody awaits. */
import { parallel, step, workflow } from 'ai-workflows'
import { describe, expect, test } from 'vitest'
import { sandbox } from './support/sandbox.ts'

describe('M5: an operation that was created and never started is reported when the run ends', () => {
  test('M5: with what it is, and the place that created it', async () => {
    const box = await sandbox()
    const forgetful = workflow({
      name: 'forgetful',
      execute: async (ctx) => {
        step('forgotten', () => 1)
        parallel([step('in a group', () => 1)], { name: 'group' })
        ctx.sleep('1s')
        ctx.invoke(workflow({ name: 'child', execute: () => 1 }), null)
        await step('awaited', () => 1)
      },
    })
    await forgetful.run(undefined, { engine: box.engine })
    const told = box.log.messages('warn').filter((message) => message.includes('never awaited'))
    expect(told).toHaveLength(4)
    expect(told[0]).toMatch(/step "forgotten".*never-awaited\.test\.ts:\d+:\d+/s)
    expect(told[1]).toMatch(/parallel "group".*never-awaited\.test\.ts:\d+/s)
    expect(told[2]).toMatch(/sleep.*never-awaited\.test\.ts:\d+/s)
    expect(told[3]).toMatch(/invoke.*"child".*never-awaited\.test\.ts:\d+/s)
  })

  test('M5: of a thousand at once each is named, and some of them with their place', async () => {
    const box = await sandbox()
    const careless = workflow({
      name: 'careless',
      execute: () => void Array.from({ length: 1000 }, (_, i) => step(`forgotten ${i}`, () => i)),
    })
    await careless.run(undefined, { engine: box.engine })
    const told = box.log.messages('warn').filter((message) => message.includes('never awaited'))
    expect(told).toHaveLength(1000)
    expect(told[0]).toMatch(/"forgotten 0".*never-awaited\.test\.ts:\d+/s)
    expect(told[999]).toMatch(/"forgotten 999".*an unknown place: too many others/s)
  })

  test('M5: of code that runs often only the first are noted, and those of the next run after one was forgotten', async () => {
    const box = await sandbox()
    const busy = workflow({
      name: 'busy',
      execute: async (_ctx, forgets: boolean) => {
        for (let i = 0; i < 300; i++) await step(`awaited ${i}`, () => i)
        if (forgets) step('forgotten', () => 1)
      },
    })
    const told = async (): Promise<string | undefined> => {
      await busy.run(true, { engine: box.engine })
      return box.log.messages('warn').findLast((message) => message.includes('never awaited'))
    }
    await busy.run(false, { engine: box.engine })
    expect(await told()).toMatch(/"forgotten".*an unknown place/s)
    expect(await told()).toMatch(/"forgotten".*never-awaited\.test\.ts:\d+/s)
  })

  test('M5: also when the run fails', async () => {
    const box = await sandbox()
    const failing = workflow({
      name: 'failing',
      execute: async () => {
        step('forgotten', () => 1)
        throw new Error('early')
      },
    })
    await expect(failing.run(undefined, { engine: box.engine })).rejects.toThrow('early')
    expect(box.log.messages('warn').join('\n')).toMatch(/"forgotten"/)
  })

  test('M5: a branch that never got its turn is not reported: its group was awaited', async () => {
    const box = await sandbox()
    const limited = workflow({
      name: 'limited',
      execute: async () => {
        await parallel([step('bad', () => Promise.reject(new Error('bad'))), step('queued', () => 1)], {
          concurrency: 1,
        }).catch(() => undefined)
      },
    })
    await limited.run(undefined, { engine: box.engine })
    expect(box.log.messages('warn')).toEqual([])
  })

  test('M5: nothing is reported of a run whose operations are all awaited', async () => {
    const box = await sandbox()
    await workflow({
      name: 'tidy',
      execute: async () => await parallel([step('a', () => 1), async () => await step('b', () => 2)]),
    }).run(undefined, { engine: box.engine })
    expect(box.log.lines).toEqual([])
  })
})
