/** What `explore` is for: mistakes that no ordinary test of a workflow shows. */
import { parallel, step, workflow, type Workflow } from 'ai-workflows'
import { ExplorationError, explore, type ExploreOptions } from 'ai-workflows/testing'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'

async function found<O>(
  flow: Workflow<null, O>,
  options: Omit<ExploreOptions<null, O>, 'input'> = {},
): Promise<ExplorationError> {
  const error: unknown = await explore(flow, { ...options, input: null }).then(
    (report) => new Error(`nothing was found: ${JSON.stringify(report)}`),
    (error: unknown) => error,
  )
  if (!(error instanceof ExplorationError)) throw error
  error.message = error.message.replaceAll(/:\d+:\d+\)/g, ':…)')
  return error
}

describe('explore finds', () => {
  const shared = workflow({
    name: 'shared',
    execute: async () => {
      let total = 0
      const add = (name: string, value: number) => async (): Promise<void> => {
        const before = total
        const more = await step(name, () => value)
        total = before + more
      }
      await parallel([add('one', 1), add('two', 2), add('three', 3)])
      return total
    },
  })

  test('a variable that several branches read and write', async () => {
    const error = await found(shared)
    expect(error.message).toMatchInlineSnapshot(`
      "The output depends on the order in which things happen. Say \`orderMatters: true\` if it may (a race, the first of several failures); otherwise look for something that several branches read and write.

        1. "parallel/0/one" is done: 1
      In one order:
        2. "parallel/1/two" is done: 2
        3. "parallel/2/three" is done: 3
        → output 3
      In the other:
        2. "parallel/2/three" is done: 3
        3. "parallel/1/two" is done: 2
        → output 2

      Again, this alone: explore(…, { …, seed: 1, repeat: [["parallel/0/one","parallel/1/two","parallel/2/three"],["parallel/0/one","parallel/2/three","parallel/1/two"]] })"
    `)
    const again = await found(shared, { repeat: error.schedules })
    expect(again.message).toBe(error.message)
  })

  test('a decision by the time of day', async () => {
    const flow = workflow({
      name: 'by-time',
      execute: async () => {
        await step('load', () => 1)
        if (new Date().getUTCHours() < 12) return await step('morning', () => 'tea')
        return await step('evening', () => 'wine')
      },
    })
    const error = await found(flow)
    expect((await found(flow, { repeat: error.schedules })).schedules).toEqual(error.schedules)
    expect(error.message).toMatchInlineSnapshot(`
      "A crash changes what the run does. "morning" is recorded, but now the code does not ask for it, it waits for "evening": an engine would park the run.

        1. "load" is done: 1
        2. "morning" is done: 'tea'
        3. the process crashes, and the run is resumed

      Without the crash: output 'tea'
      With the crash: it does not get there

      The code has used, outside of any step, what no replay repeats: new Date() (test/explorer/finds.test.ts:…).

      Again, this alone: explore(…, { …, seed: 1, repeat: [["load","morning","!crash"]] })"
    `)
  })

  test('a decision by chance', async () => {
    const flow = workflow({
      name: 'by-chance',
      execute: async () => {
        await step('load', () => 1)
        return Math.random() < 0.5 ? await step('heads', () => 1) : await step('tails', () => 2)
      },
    })
    const error = await found(flow)
    expect(error.message).toMatchInlineSnapshot(`
      "A crash changes what the run does. "tails" is recorded, but now the code does not ask for it, it waits for "heads": an engine would park the run.

        1. "load" is done: 1
        2. "tails" is done: 2
        3. the process crashes, and the run is resumed

      Without the crash: output 2
      With the crash: it does not get there

      The code has used, outside of any step, what no replay repeats: Math.random() (test/explorer/finds.test.ts:…).

      Again, this alone: explore(…, { …, seed: 1, repeat: [["load","tails","!crash"]] })"
    `)
  })

  test('a side effect outside of a step', async () => {
    const sent: string[] = []
    const flow = workflow({
      name: 'effect',
      execute: async () => {
        const user = await step('load', () => 'ada')
        sent.push(`welcome ${user}`)
        await step('save', () => user)
      },
    })
    const options = { before: () => (sent.length = 0), observe: () => sent }
    const error = await found(flow, options)
    expect(error.message).toMatchInlineSnapshot(`
      "A crash changes what the run does. What \`observe\` gave at the end differs.

        1. "load" is done: 'ada'
        2. "save" is done: 'ada'
        3. the process crashes, and the run is resumed

      Without the crash: output undefined, observed ["welcome ada"]
      With the crash: output undefined, observed ["welcome ada","welcome ada"]

      Again, this alone: explore(…, { …, seed: 1, repeat: [["load","save","!crash"]] })"
    `)
  })

  test('code that awaits something that is not an operation', async () => {
    const flow = workflow({
      name: 'bare',
      execute: async () => {
        await step('load', () => 1)
        await pause(1)
      },
    })
    const error = await found(flow)
    expect(error.message).toMatchInlineSnapshot(`
      "\`execute\` awaits something that is not an operation, and would do so again after a crash: put it in a step.

        1. "load" is done: 1
        → no end

      Again, this alone: explore(…, { …, seed: 1, repeat: [["load"]] })"
    `)
  })

  test('a run that waits for ever', async () => {
    const waits = workflow({ name: 'waits', execute: async (ctx) => await ctx.waitForEvent('paid') })
    expect((await found(waits)).message).toMatchInlineSnapshot(`
      "The run waits for ever, for "event:paid". An event that it waits for belongs into the option "events".

        (nothing happens)
        → no end

      Again, this alone: explore(…, { …, seed: 1, repeat: [[]] })"
    `)
    const hangs = workflow({ name: 'hangs', execute: async () => await step('slow', () => 1) })
    expect((await found(hangs, { hangs: ['slow'] })).message).toMatchInlineSnapshot(`
      "The run waits for ever, for "slow". "slow" hangs, and nothing has a timeout.

        1. "slow" will hang
        → no end

      Again, this alone: explore(…, { …, seed: 1, repeat: [["!hang slow"]] })"
    `)
    const really = workflow({
      name: 'r',
      execute: async () => await step('slow', () => new Promise(() => {})),
    })
    expect((await found(really, { patience: 10 })).message).toMatchInlineSnapshot(`
      "The run waits for ever, for "slow". "slow" hangs, and nothing has a timeout.

        (nothing happens)
        → no end

      Again, this alone: explore(…, { …, seed: 1, repeat: [[]] })"
    `)
  })

  test('a run that does not end', async () => {
    const flow = workflow({
      name: 'endless',
      execute: async () => {
        for (;;) await step('again', () => 1)
      },
    })
    expect((await found(flow, { limit: 20 })).message).toContain('after 20 completions it still goes on')
  })

  test('an outcome that `check` refuses, under a failure of a step', async () => {
    const flow = workflow({
      name: 'order',
      execute: async () => {
        await step('charge', () => 1)
        await step('ship', () => 1)
        return 'ok'
      },
    })
    const error = await found(flow, {
      failures: true,
      check: ({ status, steps }) => {
        if (status === 'failed' && steps['charge'] === 'completed') throw new Error('charged and not shipped')
      },
    })
    expect(error.message).toMatchInlineSnapshot(`
      "\`check\` has refused an outcome: charged and not shipped

        1. "charge" is done: 1
        2. "ship" will fail
        3. "ship" fails: Error: "ship" failed, as the exploration wants it
        → failed: StepError: Step "ship" failed after 1 attempt: "ship" failed, as the exploration wants it

      Again, this alone: explore(…, { …, seed: 1, repeat: [["charge","!fail ship","ship"]] })"
    `)
  })
})
