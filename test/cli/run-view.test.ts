/** A run that is looked at again and again. */
import { isDeepStrictEqual } from 'node:util'
import { parallel, step, timelineOf, workflow } from 'ai-workflows'
import { describe, expect, test } from 'vitest'
import { RunView } from '../../src/cli/timeline/run-view.ts'
import { gates } from '../spec/support/gate.ts'
import { PLACES, sandbox } from '../spec/support/sandbox.ts'

const LARGE = 'x'.repeat(1000)

describe.for(PLACES)('a run that is looked at again and again, in %s', (place) => {
  test('is seen as who looks for the first time sees it, also when it was retried', async () => {
    const box = await sandbox(place)
    const door = gates()
    let broken = true
    const flow = workflow({
      name: 'w',
      execute: async () => {
        await step('a', () => LARGE)
        await parallel([1, 2, 3].map((n) => step(`b-${n}`, () => door(`${n}`).pass())))
        await step('c', () => {
          if (broken) throw new Error('no')
        })
      },
    })
    const view = new RunView(box.engine, 'r')
    /** While it is compared the run goes on: they agree in the end. */
    const isSeen = async (): Promise<void> => {
      await expect
        .poll(async () => {
          const { at, ...seen } = await view.timeline()
          const details = await box.engine.inspect('r')
          const { operations, groups } = timelineOf(details, at)
          return isDeepStrictEqual([seen.operations, seen.groups], [operations, groups])
        })
        .toBe(true)
    }
    const run = await flow.start(undefined, { engine: box.engine, id: 'r' })
    for (const name of ['1', '2', '3']) {
      await door(name).reached
      await isSeen()
      door(name).open()
      await isSeen()
    }
    await expect(run.result()).rejects.toThrow('no')
    await isSeen()
    broken = false
    await run.retry()
    await run.result()
    await isSeen()
  })

  test('keeps no values, and of what was read before nothing is read again', async () => {
    const box = await sandbox(place)
    const flow = workflow({
      name: 'w',
      execute: async () => {
        await step('a', () => LARGE)
        await step('b', () => {
          throw new Error('no')
        })
      },
    })
    const run = await flow.start(undefined, { engine: box.engine, id: 'r' })
    await expect(run.result()).rejects.toThrow('no')
    const past = await box.engine.past('r')
    const payloads = past.journal.map(({ completion }) => 'payload' in completion && completion.payload)
    expect(payloads).toEqual(['', expect.stringContaining('no')])
    expect((await box.engine.past('r', past)).journal).toBe(past.journal)
  })
})
