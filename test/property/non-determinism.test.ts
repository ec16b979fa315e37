/** D5: code that has changed since its journal was written. */
import { NonDeterminismError, parallel, step } from 'ai-workflows'
import { describe, expect, it } from 'vitest'
import { nextTurn } from '../../src/core/turn.ts'
import { recordUpTo, type VirtualRecord } from '../../src/testing/virtual/record.ts'
import { Execution, type Execute, journalOf, PATIENCE } from './execution.ts'

/** Steps note here that their functions were called. */
let called: string[] = []
const work = (name: string): ReturnType<typeof step<string>> =>
  step(name, () => {
    called.push(name)
    return `${name} done`
  })

async function inOrder(...names: string[]): Promise<string[]> {
  const results: string[] = []
  for (const name of names) results.push(await work(name))
  return results
}

async function replayed(execute: Execute, record: VirtualRecord): Promise<Execution> {
  called = []
  const execution = new Execution(execute, record)
  await nextTurn()
  return execution
}

describe('a replay of code that has changed', () => {
  it.each<[string, Execute, Execute, { recorded: string; waiting: string[] }]>([
    [
      'a step was removed',
      () => inOrder('a', 'b', 'c'),
      () => inOrder('a', 'c'),
      { recorded: 'b', waiting: ['c'] },
    ],
    [
      'a step was renamed',
      () => inOrder('a', 'b'),
      () => inOrder('a', 'B'),
      { recorded: 'b', waiting: ['B'] },
    ],
    [
      'two steps changed places',
      () => inOrder('a', 'b'),
      () => inOrder('b', 'a'),
      { recorded: 'a', waiting: ['b'] },
    ],
    [
      'a step was added before recorded ones',
      () => inOrder('a', 'b'),
      () => inOrder('x', 'a', 'b'),
      { recorded: 'a', waiting: ['x'] },
    ],
    [
      'another branch is taken',
      async () => ((await work('a')) === 'a done' ? inOrder('yes') : inOrder('no')),
      async () => ((await work('a')) === 'changed' ? inOrder('yes') : inOrder('no')),
      { recorded: 'yes', waiting: ['no'] },
    ],
    [
      'a function branch moved to another place',
      () => parallel([() => inOrder('a'), () => inOrder('b')]),
      () => parallel([() => inOrder('b'), () => inOrder('a')]),
      { recorded: 'parallel/0/a', waiting: ['parallel/0/b', 'parallel/1/a'] },
    ],
    [
      'a group was renamed',
      () => parallel([() => inOrder('a')], { name: 'old' }),
      () => parallel([() => inOrder('a')], { name: 'new' }),
      { recorded: 'old/0/a', waiting: ['new/0/a'] },
    ],
  ])(
    'D5: %s: the error names the recorded key and those that wait, and nothing runs',
    async (_what, before, after, expected) => {
      const record = await journalOf(before)
      const execution = await replayed(after, record)
      const error = await execution.refusal()
      expect({ recorded: error.recordedKey, waiting: error.waitingKeys }).toEqual(expected)
      for (const key of [expected.recorded, ...expected.waiting])
        expect(error.message).toContain(JSON.stringify(key))
      expect(error.message).toContain('"order-7"')
      expect(called).toEqual([])
    },
  )

  it('D5: it waits for a while before it gives up, and its message names both possible causes', async () => {
    const execution = await replayed(() => inOrder('B'), await journalOf(() => inOrder('b')))
    let refused = false
    execution.ended.catch(() => (refused = true))
    execution.patience.advance(PATIENCE - 1)
    await nextTurn()
    expect(refused).toBe(false)
    const { message } = await execution.refusal()
    expect(message).toMatch(/the code has changed/)
    expect(message).toMatch(/awaits something that is not an operation/)
  })

  it('D5: `execute` that hangs on a bare promise waits for no operation at all, and the message says so', async () => {
    const never = new Promise(() => undefined)
    const execution = await replayed(async () => never, await journalOf(() => inOrder('a')))
    const error = await execution.refusal()
    expect(error.waitingKeys).toEqual([])
    expect(error.message).toMatch(/waits for no operation at all/)
    expect(error.message).toContain(`${PATIENCE} ms`)
  })

  it('D5: an operation of another kind under a recorded name is no answer, and is noticed at once', async () => {
    const record = await journalOf(() => inOrder('sleep'))
    const execution = await replayed(async (ctx) => ctx.sleep(5), record)
    const error: unknown = await execution.ended.catch((error: unknown) => error)
    expect(error).toBeInstanceOf(NonDeterminismError)
    expect((error as Error).message).toMatch(/"sleep".*another kind \(timer\)/)
  })

  it('D5: `execute` that ends before a recorded operation came to be has changed', async () => {
    const execution = await replayed(() => inOrder('a'), await journalOf(() => inOrder('a', 'b')))
    const error: unknown = await execution.ended.catch((error: unknown) => error)
    expect(error).toMatchObject({ code: 'NON_DETERMINISM', recordedKey: 'b', waitingKeys: [] })
  })

  it('D5: the journal is left as it was, and the old code can go on with it', async () => {
    const record = await journalOf(() => inOrder('a', 'b', 'c'), 2)
    const refused = await replayed(() => inOrder('a', 'c'), recordUpTo(record, 2))
    await refused.refusal()
    expect(refused.world.record.completions).toEqual(record.completions)
    const corrected = await replayed(() => inOrder('a', 'b', 'c'), record)
    await expect(corrected.ended).resolves.toMatchObject({ value: ['a done', 'b done', 'c done'] })
    expect(called).toEqual(['c'])
  })
})

describe('a replay of code that has not changed, or not so that it matters', () => {
  it('D5: steps added after everything recorded are simply new', async () => {
    const execution = await replayed(() => inOrder('a', 'b', 'c'), await journalOf(() => inOrder('a', 'b')))
    await expect(execution.ended).resolves.toMatchObject({
      status: 'completed',
      value: ['a done', 'b done', 'c done'],
    })
    expect(called).toEqual(['c'])
  })

  it('D4 D5: a step added beside recorded ones is held until they are delivered', async () => {
    const record = await journalOf(async () => Promise.all([work('a'), work('b')]))
    const execution = await replayed(async () => Promise.all([work('x'), work('a'), work('b')]), record)
    await expect(execution.ended).resolves.toMatchObject({ value: ['x done', 'a done', 'b done'] })
    expect(called).toEqual(['x'])
  })

  it('D5: a recorded step that is awaited later than before keeps its outcome', async () => {
    const both = async (first: 'a' | 'b'): Promise<unknown> => {
      const steps = { a: work('a'), b: work('b') }
      return [await steps[first], await steps[first === 'a' ? 'b' : 'a']]
    }
    const execution = await replayed(() => both('b'), await journalOf(() => both('a')))
    await expect(execution.ended).resolves.toMatchObject({ value: ['b done', 'a done'] })
    expect(called).toEqual([])
  })

  const names = ['a', 'b', 'c', 'd']
  const limited = (concurrency: number): Execute => {
    return () => parallel(names.map(work), { concurrency })
  }

  it.each([
    [4, 1],
    [3, 2],
    [1, 4],
    [2, 3],
  ])(
    'D5: a limit of %i that became %i after a crash changes no outcome, and repeats nothing',
    async (before, after) => {
      const whole = await journalOf(limited(before))
      for (let crash = 0; crash <= whole.completions.length; crash++) {
        const record = recordUpTo(whole, crash)
        const recorded = record.completions.map(({ key }) => key)
        const execution = await replayed(limited(after), record)
        await expect(execution.ended).resolves.toMatchObject({ value: names.map((name) => `${name} done`) })
        expect(called.toSorted()).toEqual(names.filter((name) => !recorded.includes(name)))
      }
    },
  )

  it('D5: a lower limit keeps the recorded attempts of a step that it starts later', async () => {
    const attempts: number[] = []
    const flaky = (): ReturnType<typeof step<string>> =>
      step(
        'flaky',
        ({ attempt }) => {
          attempts.push(attempt)
          if (attempt < 3) throw new Error(`attempt ${attempt}`)
          return 'flaky done'
        },
        { retry: { maxAttempts: 3, initialDelay: 0 } },
      )
    const slow = (concurrency: number): Execute => {
      return () => parallel([() => inOrder('a', 'b', 'c', 'd', 'e'), flaky()], { concurrency })
    }
    const whole = await journalOf(slow(2))
    const crash = whole.completions.filter(({ key }) => key === 'flaky').length
    expect(crash).toBe(3)
    for (let length = 0; length <= whole.completions.length; length++) {
      attempts.length = 0
      const record = recordUpTo(whole, length)
      const recorded = record.completions.flatMap((one) =>
        one.key === 'flaky' && 'attempt' in one ? [one.attempt] : [],
      )
      const execution = await replayed(slow(1), record)
      await expect(execution.ended).resolves.toMatchObject({
        value: [['a done', 'b done', 'c done', 'd done', 'e done'], 'flaky done'],
      })
      expect(attempts.filter((attempt) => recorded.includes(attempt))).toEqual([])
    }
  })

  it('D5: `execute` may end without the result of a recorded operation', async () => {
    const both = async (wait: 'both' | 'first'): Promise<unknown> => {
      const [a, b] = [work('a'), work('b')]
      return wait === 'both' ? Promise.all([a, b]) : Promise.race([a, b])
    }
    const execution = await replayed(() => both('first'), await journalOf(() => both('both')))
    await expect(execution.ended).resolves.toMatchObject({ status: 'completed', value: 'a done' })
    expect(called).toEqual([])
  })

  it('D4 R1: what is held does not start when the replay catches up after `execute` has ended', async () => {
    const untilAborted = (signal: AbortSignal): Promise<never> =>
      new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason as Error)),
      )
    const hanging = step.bind(undefined, 'hanging', ({ signal }) => {
      called.push('hanging')
      return untilAborted(signal)
    })
    const both = async (needed: readonly string[]): Promise<unknown> => {
      const steps: Record<string, Promise<unknown>> = {
        hanging: Promise.resolve(hanging()),
        a: Promise.resolve(work('a')),
        b: Promise.resolve(work('b')),
      }
      return Promise.all(needed.map(async (name) => steps[name]))
    }
    const record = await journalOf(() => both(['a', 'b']))
    expect(record.completions.map(({ key }) => key)).toEqual(['a', 'b'])
    const execution = await replayed(() => both(['a']), record)
    await expect(execution.ended).resolves.toMatchObject({ value: ['a done'] })
    expect(called).toEqual([])
  })

  it('D5: plain awaits of something that comes in time are tolerated', async () => {
    const patient: Execute = async () => {
      const first = await work('a')
      await nextTurn()
      await nextTurn()
      return [first, await work('b')]
    }
    const record = await journalOf(() => inOrder('a', 'b'))
    called = []
    const execution = new Execution(patient, record)
    await expect(execution.ended).resolves.toMatchObject({ value: ['a done', 'b done'] })
    expect(called).toEqual([])
    expect(execution.patience.pending).toBe(0)
  })
})
