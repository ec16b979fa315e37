/** M4 and M5: plain promises beside operations, and operations that nobody awaits. */
import { parallel, step, workflow } from 'ai-workflows'
import { describe, expect, test } from 'vitest'
import { aborted, gate, Meter } from './support/gate.ts'
import { PLACES, sandbox, started } from './support/sandbox.ts'

describe.each(PLACES)('M4 on %s: plain promises still work', (place) => {
  test('M4: Promise.all, Promise.race, for await and async helpers all replay', async () => {
    const box = await sandbox(place)
    const door = gate()
    async function helper(name: string): Promise<string> {
      const first = await step(`${name} first`, () => `${name}1`)
      return `${first}${await step(`${name} second`, () => `${name}2`)}`
    }
    async function* numbers(): AsyncGenerator<number> {
      for (let i = 0; i < 3; i++) yield await step('number', () => i)
    }
    const trace: string[][] = []
    const plain = workflow({
      name: 'plain',
      execute: async () => {
        const seen: string[] = []
        trace.push(seen)
        seen.push(...(await Promise.all([helper('a'), helper('b'), step('c', () => 'c')])))
        seen.push(
          await Promise.race([
            step('quick', () => 'quick'),
            step('never', () => new Promise<string>(() => undefined)),
          ]),
        )
        for await (const number of numbers()) seen.push(String(number))
        seen.push(...(await Promise.all([1, 2].map(async (n) => await helper(`n${n}`)))))
        await step('stop here', () => door.pass())
        return seen
      },
    })
    await plain.start(undefined, { engine: box.engine, id: 'p' })
    await door.reached
    await box.restart()
    door.open()
    const output = await plain.run(undefined, { engine: box.engine, id: 'p' })
    expect(output).toEqual(['a1a2', 'b1b2', 'c', 'quick', '0', '1', '2', 'n11n12', 'n21n22'])
    expect(trace).toEqual([output, output])
    const again = started(box.events).filter((key, index, all) => all.indexOf(key) !== index)
    expect(again.toSorted()).toEqual(['never', 'stop here'])
  })

  test('M4: Promise.all has no limit and cancels nothing', async () => {
    const box = await sandbox(place)
    const meter = new Meter()
    const [all, bad] = [gate(), gate()]
    const signals: AbortSignal[] = []
    const free = workflow({
      name: 'free',
      execute: async () => {
        const steps = Array.from({ length: 50 }, (_, index) =>
          step(`s${index}`, ({ signal }) => {
            signals.push(signal)
            return meter.during(`${index}`, () => all.pass())
          }),
        )
        const failing = step('bad', async () => {
          await bad.pass()
          throw new Error('bad')
        })
        const error: unknown = await Promise.all([...steps, failing]).catch((reason: unknown) => reason)
        all.open()
        await Promise.all(steps)
        return (error as Error).message
      },
    })
    const run = await free.start(undefined, { engine: box.engine })
    await bad.reached
    expect(meter.running).toBe(50)
    bad.open()
    expect(await run.result()).toContain('bad')
    expect(signals.map(({ aborted }) => aborted)).toEqual(Array.from({ length: 50 }, () => false))
  })

  test('M4: what a Promise.race leaves running is aborted when the run ends, and says why', async () => {
    const box = await sandbox(place)
    const reason = gate<unknown>()
    const loser = gate()
    const left = workflow({
      name: 'left',
      execute: async () =>
        await Promise.race([
          step('slow', async ({ signal }) => {
            loser.open()
            reason.open(await aborted(signal))
          }),
          step('quick', async () => {
            await loser.promise
            return 'quick'
          }),
        ]),
    })
    expect(await left.run(undefined, { engine: box.engine })).toBe('quick')
    expect(await reason.promise).toMatchObject({ kind: 'run-ended' })
  })
})

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
    expect(told[0]).toMatch(/step "forgotten".*plain-promises\.test\.ts:\d+:\d+/s)
    expect(told[1]).toMatch(/parallel "group".*plain-promises\.test\.ts:\d+/s)
    expect(told[2]).toMatch(/sleep.*plain-promises\.test\.ts:\d+/s)
    expect(told[3]).toMatch(/invoke.*"child".*plain-promises\.test\.ts:\d+/s)
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
    expect(told[0]).toMatch(/"forgotten 0".*plain-promises\.test\.ts:\d+/s)
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
    expect(await told()).toMatch(/"forgotten".*plain-promises\.test\.ts:\d+/s)
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
