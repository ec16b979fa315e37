/** The reference page's "Error Handling in Parallel" and "Timeout for Parallel". */
import { CancelledError, parallel, step, StepError, workflow, type StepContext } from 'ai-workflows'
import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from 'vitest'
import { runInline } from '../../src/core/inline.ts'
import { FakeClock } from '../spec/support/fake-clock.ts'
import { aborted, gate, type Gate } from '../spec/support/gate.ts'
import { ended, sandbox, started } from '../spec/support/sandbox.ts'
import { inWorkflow } from './support.ts'

let print: MockInstance<typeof console.log>

afterEach(() => {
  vi.restoreAllMocks()
})

describe('Fail Fast (Default)', () => {
  let allStarted: Gate
  let reasons: unknown[]
  let stopped: Gate

  beforeEach(() => {
    allStarted = gate()
    reasons = []
    stopped = gate()
    print = vi.spyOn(console, 'error').mockReturnValue()
  })

  // The page's functions take nothing, so what would stop them is found the other way: they wait for ever, and the
  // group must not.
  const operationA = (): Promise<void> => new Promise(() => undefined)
  const operationB = async (): Promise<void> => {
    await allStarted.promise
    throw new RangeError('b is broken')
  }
  const operationC = (): Promise<void> => {
    allStarted.open()
    return new Promise(() => undefined)
  }

  async function example(): Promise<void> {
    // prettier-ignore
    try {
      // If any step fails, all are cancelled
      await parallel([
        step('a', () => operationA()),
        step('b', () => operationB()),
        step('c', () => operationC()),
      ])
    } catch (error) {
      // First error is thrown
      console.error('Parallel execution failed:', error)
    }
  }

  const firstError = (): unknown => print.mock.calls[0]?.[1]

  test('at top level: the first error is thrown, nobody waits for the others', async () => {
    await example()
    expect(print.mock.calls).toEqual([['Parallel execution failed:', expect.any(StepError)]])
    expect(firstError()).toMatchObject({ stepName: 'b', cause: new RangeError('b is broken') })
  })

  test('inside a workflow: the same, and a second time without running anything', async () => {
    const { steps, repeated } = await inWorkflow(example)
    expect(steps).toEqual(['a', 'b', 'c'])
    expect(firstError()).toMatchObject({ stepName: 'b', key: 'b', attempts: 1 })
    expect((firstError() as StepError).cause).toBeInstanceOf(RangeError)
    expect(repeated).toEqual([])
  })

  test('the siblings are cancelled: their signals say who failed', async () => {
    const wait = async ({ signal }: StepContext): Promise<void> => {
      allStarted.open()
      reasons.push(await aborted(signal))
      if (reasons.length === 2) stopped.open()
      signal.throwIfAborted()
    }
    const cancelling = (): Promise<unknown> =>
      parallel([step('a', wait), step('b', () => operationB()), step('c', wait)]).catch(
        (error: unknown) => error,
      )
    const outside = await cancelling()
    await stopped.promise
    expect(outside).toMatchObject({ stepName: 'b' })
    expect(reasons).toHaveLength(2)
    for (const reason of reasons) {
      expect(reason).toBeInstanceOf(CancelledError)
      expect(reason).toMatchObject({ kind: 'sibling-failed', by: 'b' })
    }
  })
})

describe('Settle All', () => {
  const operationA = (): string => 'A'
  const operationB = (): never => {
    throw new Error('B failed')
  }
  const operationC = (): Promise<Date> => Promise.resolve(new Date(0))

  async function example(): Promise<unknown> {
    // prettier-ignore
    const results = await parallel(
      [
        step('a', () => operationA()),
        step('b', () => operationB()),
        step('c', () => operationC()),
      ],
      { settle: true }
    )
    // Check results individually
    results.forEach((result, index) => {
      if (result.status === 'fulfilled') {
        console.log(`Step ${index} succeeded:`, result.value)
      } else {
        console.log(`Step ${index} failed:`, result.reason)
      }
    })
    return results
  }

  const expected = [
    { status: 'fulfilled', value: 'A' },
    {
      status: 'rejected',
      reason: expect.objectContaining({ stepName: 'b', code: 'STEP_FAILED' }) as unknown,
    },
    { status: 'fulfilled', value: new Date(0) },
  ]

  beforeEach(() => {
    print = vi.spyOn(console, 'log').mockReturnValue()
  })

  test('at top level: every result has a status', async () => {
    expect(await example()).toEqual(expected)
    expect(print.mock.calls).toEqual([
      ['Step 0 succeeded:', 'A'],
      ['Step 1 failed:', expect.any(StepError)],
      ['Step 2 succeeded:', new Date(0)],
    ])
  })

  test('inside a workflow: the same, and a second time from the record', async () => {
    const { result, again, repeated } = await inWorkflow(example)
    expect(result).toEqual(expected)
    expect(again).toEqual([expected, expected])
    expect(repeated).toEqual([])
  })
})

describe('Timeout for Parallel', () => {
  const slowOperation = (): Promise<string> => slow.pass()
  const fastOperation = (): Promise<string> => Promise.resolve('fast')
  let slow: Gate<string>

  beforeEach(() => {
    slow = gate()
  })

  async function example(): Promise<unknown> {
    // prettier-ignore
    const results = await parallel(
      [
        step('slow', () => slowOperation()),
        step('fast', () => fastOperation()),
      ],
      {
        timeout: '30s',
        timeoutValue: 'partial', // Return completed results on timeout
      }
    )
    return results
  }

  test('at top level, in time: both results', async () => {
    slow.open('slow')
    expect(await example()).toEqual(['slow', 'fast'])
  })

  test('at top level, too late: what completed, undefined elsewhere', async () => {
    const clock = new FakeClock()
    const results = runInline({ clock }, example)
    await slow.reached
    await clock.advance(29_999)
    expect(clock.pending).toBe(1)
    await clock.advance(1)
    expect(await results).toEqual([undefined, 'fast'])
  })

  test('inside a workflow, in time: both results, and a second time from the record', async () => {
    slow.open('slow')
    const { result, again, repeated } = await inWorkflow(example)
    expect(result).toEqual(['slow', 'fast'])
    expect(again).toEqual([result, result])
    expect(repeated).toEqual([])
  })

  test('inside a workflow, too late: what completed, and the same from the record', async () => {
    const clock = new FakeClock()
    const box = await sandbox('sqlite', { clock })
    const late = workflow({ name: 'late', execute: async () => await example() })
    const run = await late.start(null, { engine: box.engine, id: 'late' })
    await clock.armed(30_000)
    await ended(box, 'fast')
    await clock.advance(30_000)
    expect(await run.result()).toEqual([undefined, 'fast'])
    await box.restart()
    expect(await late.run(null, { engine: box.engine, id: 'late' })).toEqual([undefined, 'fast'])
    expect(started(box.events)).toEqual(['slow', 'fast'])
  })
})
