import { timelineOf, type Timeline, type TimelineOperation } from 'ai-workflows'
import { describe, expect, test } from 'vitest'
import { History } from './support/history.ts'

const NOW = 1000

function drawn(history: History, now = NOW): Timeline {
  return timelineOf(history.source, now)
}

function only(history: History, now = NOW): TimelineOperation {
  const { operations } = drawn(history, now)
  expect(operations).toHaveLength(1)
  return operations[0] as TimelineOperation
}

describe('a step', () => {
  test('that was done ran from its start to its end', () => {
    expect(only(new History().step('fetch#2', 10, 50).ended(60))).toEqual({
      key: 'fetch#2',
      name: 'fetch',
      kind: 'step',
      state: 'done',
      spans: [{ phase: 'running', from: 10, until: 50, attempt: 1 }],
      from: 10,
      until: 50,
      attempts: 1,
      ignoresSignal: false,
      group: undefined,
      branch: undefined,
      child: undefined,
      error: undefined,
      critical: true,
    })
  })

  test('that failed has the error of its last attempt, and backs off between attempts', () => {
    const history = new History()
      .failed('pay', 10, 20, 1, 100)
      .failed('pay', 103, 120, 2)
      .ended(130, 'failed')
    expect(only(history)).toMatchObject({
      state: 'failed',
      attempts: 2,
      error: '"no"',
      until: 120,
      spans: [
        { phase: 'running', from: 10, until: 20, attempt: 1 },
        { phase: 'backing-off', from: 20, until: 103, attempt: 2 },
        { phase: 'running', from: 103, until: 120, attempt: 2 },
      ],
    })
  })

  test('that runs has an open span', () => {
    expect(only(new History().started('pay', 40))).toMatchObject({
      state: 'running',
      attempts: 1,
      until: undefined,
      spans: [{ phase: 'running', from: 40, until: undefined, attempt: 1 }],
    })
  })

  test('that waits for its next attempt is backing off', () => {
    expect(only(new History().failed('pay', 10, 20, 1, 2000))).toMatchObject({
      state: 'backing-off',
      attempts: 1,
      spans: [
        { phase: 'running', from: 10, until: 20, attempt: 1 },
        { phase: 'backing-off', from: 20, until: undefined, attempt: 2 },
      ],
    })
  })

  test('whose second attempt runs has an open span for that', () => {
    const history = new History().failed('pay', 10, 20, 1, 100).started('pay', 10).started('pay', 101, 2)
    expect(only(history)).toMatchObject({
      state: 'running',
      attempts: 2,
      spans: [
        { phase: 'running', until: 20 },
        { phase: 'backing-off', until: 101 },
        { phase: 'running', from: 101, until: undefined, attempt: 2 },
      ],
    })
  })

  test('that was given up ends when that was noted', () => {
    const history = new History().started('slow', 10).note('cancelled', 'slow', 90, { attempt: 1 })
    expect(only(history.ended(200))).toMatchObject({
      state: 'cancelled',
      until: 90,
      spans: [{ phase: 'running', from: 10, until: 90 }],
    })
  })

  test('that was given up has ended, though the run goes on', () => {
    const history = new History().started('slow', 10).note('cancelled', 'slow', 90, { attempt: 1 })
    expect(only(history)).toMatchObject({ state: 'cancelled', until: 90 })
  })

  test('that was given up ends with its group where nothing was noted', () => {
    const history = new History().group('race', 5, 70, { kind: 'race', members: ['slow', 'fast'] })
    history.started('slow', 10).step('fast', 10, 70)
    const { operations } = drawn(history)
    expect(operations.find(({ key }) => key === 'slow')).toMatchObject({ state: 'cancelled', until: 70 })
  })

  test('that was given up ends with its run where it is in no group', () => {
    expect(only(new History().started('slow', 10).ended(300, 'failed'))).toMatchObject({
      state: 'cancelled',
      until: 300,
    })
  })

  test('of a run that was left behind is interrupted since the last that was heard of it', () => {
    const history = new History().started('slow', 10).step('other', 20, 400)
    const { operations, run } = timelineOf(history.source, NOW, { interrupted: true })
    expect(run).toMatchObject({ status: 'interrupted', until: undefined })
    expect(operations[0]).toMatchObject({
      key: 'slow',
      state: 'interrupted',
      until: undefined,
      spans: [{ phase: 'running', from: 10, until: 400 }],
    })
  })

  test('of a run that is blocked is interrupted', () => {
    const history = new History().started('slow', 10).is({ status: 'blocked', endedAt: 500 })
    const { operations, run, at } = drawn(history)
    expect(operations[0]).toMatchObject({ state: 'interrupted' })
    expect([run.status, run.until, at]).toEqual(['blocked', undefined, 500])
  })

  test('whose process died waited for somebody to go on, from the last that was heard until its next attempt', () => {
    const history = new History().step('before', 0, 30).started('slow', 10).started('other', 12)
    history.step('other', 500, 510, 2).step('slow', 501, 600, 2)
    const { operations } = drawn(history.ended(600))
    expect(operations.find(({ key }) => key === 'slow')).toMatchObject({
      state: 'done',
      attempts: 2,
      spans: [
        { phase: 'running', from: 10, until: 30, attempt: 1 },
        { phase: 'waiting', from: 30, until: 501, attempt: 2 },
        { phase: 'running', from: 501, until: 600, attempt: 2 },
      ],
    })
  })

  test('that ignores its signal is marked', () => {
    const history = new History().started('deaf', 10).started('good', 10).ended(50, 'failed')
    const { operations } = timelineOf({ ...history.source, zombies: [{ key: 'deaf' }] }, NOW)
    expect(operations.map(({ key, ignoresSignal }) => [key, ignoresSignal])).toEqual([
      ['deaf', true],
      ['good', false],
    ])
  })
})

describe('other operations', () => {
  test('a compensation has the key of its step, and is in no group', () => {
    const history = new History()
      .group('parallel', 1, 20, { members: ['book', 'x'] })
      .step('book', 1, 10)
      .step('x', 1, 20)
      .step('book!compensate', 30, 50)
      .ended(60, 'failed')
    expect(drawn(history).operations.at(-1)).toMatchObject({
      key: 'book',
      name: 'book',
      kind: 'compensation',
      group: undefined,
      state: 'done',
    })
  })

  test('a sleep waits from when its deadline was noted', () => {
    const done = new History().note('due', 'sleep', 10, { due: 310 })
    done.entry({ kind: 'timer-fired', key: 'sleep', at: 310 })
    expect(only(done.ended(320))).toMatchObject({
      kind: 'sleep',
      state: 'done',
      attempts: 0,
      spans: [{ phase: 'waiting', from: 10, until: 310 }],
    })
    expect(only(new History().note('due', 'sleep', 10, { due: 5000 }))).toMatchObject({
      state: 'waiting',
      spans: [{ phase: 'waiting', from: 10, until: undefined }],
    })
  })

  test('a wait of which only the end is known began when the last before it in its scope ended', () => {
    const history = new History()
      .step('a', 0, 20)
      .step('parallel/0/b', 20, 90)
      .entry({ kind: 'event-received', key: 'event:go', at: 500, name: 'go', payload: '1' })
      .entry({ kind: 'timer-fired', key: 'parallel/0/sleep', at: 600 })
      .ended(600)
    const { operations } = drawn(history)
    const spans = operations.map(({ key, spans }) => [key, spans.map(({ from, until }) => [from, until])])
    expect(Object.fromEntries(spans)).toMatchObject({
      'event:go': [[90, 500]],
      'parallel/0/sleep': [[90, 600]],
    })
  })

  test('a wait that is a branch began with its group, if it had a place at once', () => {
    const received = (key: string) =>
      ({ kind: 'event-received', key, at: 500, name: 'go', payload: '1' }) as const
    const history = new History()
      .step('a', 0, 20)
      .group('parallel', 40, 500, { limit: 1, members: ['event:one', 'event:two'] })
      .entry(received('event:one'))
      .entry(received('event:two'))
    const [, first, second] = drawn(history.ended(500)).operations
    expect(first).toMatchObject({ key: 'event:one', spans: [{ phase: 'waiting', from: 40, until: 500 }] })
    expect(second).toMatchObject({ key: 'event:two', state: 'done', spans: [], from: 500, until: 500 })
  })

  test('a wait for an event that has a time limit began when that was noted', () => {
    const history = new History().step('a', 0, 10).note('due', 'event:go!timeout', 50, { due: 5000 })
    expect(drawn(history).operations[1]).toMatchObject({
      key: 'event:go',
      name: 'event:go',
      kind: 'event',
      state: 'waiting',
      spans: [{ phase: 'waiting', from: 50, until: undefined }],
    })
  })

  test('a wait for an event whose time is up was given up then', () => {
    const history = new History()
      .note('due', 'event:go!timeout', 50, { due: 300 })
      .entry({ kind: 'timer-fired', key: 'event:go!timeout', at: 300 })
      .ended(310)
    expect(only(history)).toMatchObject({ state: 'cancelled', until: 300, critical: true })
  })

  test('a child has the id of its run, once that is known', () => {
    expect(only(new History().started('bill', 10, 0))).toMatchObject({
      kind: 'child',
      state: 'waiting',
      child: undefined,
    })
    const history = new History()
      .started('bill', 10, 0)
      .entry({ kind: 'child-failed', key: 'bill', at: 90, name: 'r/bill', payload: '"bad"' })
    expect(only(history)).toMatchObject({
      state: 'failed',
      child: 'r/bill',
      error: '"bad"',
      spans: [{ phase: 'waiting', from: 10, until: 90 }],
    })
  })

  test('what the library does by itself is left out', () => {
    const history = new History()
      .entry({ kind: 'timer-fired', key: 'parallel!timeout', at: 10 })
      .entry({ kind: 'abort-absent', key: 'parallel!signal', at: 10 })
      .entry({ kind: 'stopped', key: 'x!stop', at: 10 })
      .entry({ kind: 'cancel-requested', key: '!cancel', at: 10, payload: '1' })
      .note('due', 'race!stagger/1', 10, { due: 20 })
    expect(drawn(history).operations).toEqual([])
  })
})

describe('times', () => {
  test('a clock that jumped back makes no negative span', () => {
    const history = new History()
      .failed('a', 100, 40, 1, 50)
      .step('a', 20, 30, 2)
      .started('b', 500)
      .note('cancelled', 'b', 400, { attempt: 1 })
    for (const { spans } of drawn(history.ended(450)).operations)
      for (const { from, until } of spans) expect(until).toBeGreaterThanOrEqual(from)
  })

  test('the timeline is wide enough for what another process recorded by its own clock', () => {
    const { run, at, totals } = drawn(new History().step('a', -50, 700).ended(650))
    expect([run.from, run.until, at, totals.wall]).toEqual([-50, 700, 700, 750])
  })

  test('of a run that has not ended it ends now', () => {
    expect(drawn(new History().step('a', 0, 10), 777)).toMatchObject({
      at: 777,
      run: { from: 0, until: undefined, status: 'running' },
    })
  })

  test('operations come in the order in which they began', () => {
    const history = new History().step('late', 50, 60).step('early', 10, 90).started('middle', 30)
    expect(drawn(history).operations.map(({ key }) => key)).toEqual(['early', 'middle', 'late'])
  })

  test('of an empty journal there is nothing but the time', () => {
    expect(drawn(new History().is({ status: 'pending' }))).toMatchObject({
      operations: [],
      groups: [],
      criticalPath: [{ key: undefined, phase: 'waiting', from: 0, until: NOW }],
      totals: { wall: NOW, work: 0, speedUp: 0, unlimited: NOW },
      advice: [],
    })
  })
})
