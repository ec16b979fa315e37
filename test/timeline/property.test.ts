import { timelineOf, type Note, type Timeline, type TimelineOperation } from 'ai-workflows'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { GroupShape } from '../../src/core/ports/effects.ts'
import { History } from './support/history.ts'

const KEYS = [
  'a',
  'b',
  'b#2',
  'sleep',
  'event:go',
  'bill',
  'a!compensate',
  'g/0/a',
  'g/0/b',
  'g/1/a',
  'g/2/sleep',
  'g/1/h/0/a',
  'g/1/h/left/a',
  'g/1/uncancellable/a',
  'g!timeout',
  'event:go!timeout',
  '!cancel',
]
const GROUPS = ['g', 'g/1/h', 'race', 'a', 'x/0/y']

/** Mostly in order, sometimes not, and often the same. */
const time = fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: -1000, max: 5000 }))
const key = fc.constantFrom(...KEYS)
const attempt = fc.integer({ min: 1, max: 3 })

const completion = fc.oneof(
  fc
    .record({ key, at: time, startedAt: time, attempt })
    .map((step) => (history: History) => history.step(step.key, step.startedAt, step.at, step.attempt)),
  fc
    .record({ key, at: time, startedAt: time, attempt, retryAt: fc.option(time, { nil: undefined }) })
    .map(
      (step) => (history: History) =>
        history.failed(step.key, step.startedAt, step.at, step.attempt, step.retryAt),
    ),
  fc
    .record({
      kind: fc.constantFrom('timer-fired', 'abort-absent', 'stopped'),
      key,
      at: time,
    })
    .map((entry) => (history: History) => history.entry(entry)),
  fc
    .record({
      kind: fc.constantFrom('event-received', 'child-done', 'child-failed'),
      key,
      at: time,
      name: fc.constant('n'),
      payload: fc.constant('1'),
    })
    .map((entry) => (history: History) => history.entry(entry)),
  fc
    .record({
      kind: fc.constantFrom('event-failed', 'aborted', 'cancel-requested'),
      key,
      at: time,
      payload: fc.constant('1'),
    })
    .map((entry) => (history: History) => history.entry(entry)),
)

const note = fc
  .record({
    kind: fc.constantFrom<Note['kind'][]>('started', 'due', 'waiting', 'cancelled'),
    key,
    at: time,
    attempt: fc.integer({ min: 0, max: 3 }),
    due: time,
  })
  .map(
    ({ kind, key, ...rest }) =>
      (history: History) =>
        history.note(kind, key, rest.at, rest),
  )

const shape: fc.Arbitrary<Partial<GroupShape>> = fc.record({
  kind: fc.constantFrom('parallel', 'race', 'any'),
  limit: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
  members: fc.option(fc.array(fc.constantFrom('', ...KEYS, ...GROUPS), { maxLength: 6 }), { nil: undefined }),
})

const group = fc.oneof(
  fc
    .record({ key: fc.constantFrom(...GROUPS), from: time, until: fc.oneof(fc.constant(0), time), shape })
    .map((it) => (history: History) => history.group(it.key, it.from, it.until, it.shape)),
  fc
    .record({ key: fc.constantFrom(...GROUPS), at: time, due: time, detail: fc.string() })
    .map(
      (it) => (history: History) => history.note('group', it.key, it.at, { due: it.due, detail: it.detail }),
    ),
)

const state = fc
  .record({
    status: fc.constantFrom('pending', 'running', 'waiting', 'completed', 'failed', 'cancelled', 'blocked'),
    endedAt: fc.option(time, { nil: undefined }),
    createdAt: fc.oneof(fc.constant(0), time),
    forkedFrom: fc.constantFrom(undefined, undefined, undefined, 'q'),
    dropped: fc.array(fc.tuple(fc.nat(10), fc.nat(20)), { maxLength: 2 }),
  })
  .map((record) => (history: History) => history.is(record))

const retry = fc.constant((history: History) => history.retried())

/** Anything at all, in any order: half written, jumped, damaged. */
const anything = fc
  .array(
    fc.oneof(
      { arbitrary: completion, weight: 8 },
      { arbitrary: note, weight: 4 },
      { arbitrary: group, weight: 3 },
      { arbitrary: retry, weight: 1 },
    ),
    { maxLength: 40 },
  )
  .chain((parts) => state.map((last) => [...parts, last]))
  .map((parts) => parts.reduce<History>((history, part) => part(history), new History()).source)

const options = fc.record({ interrupted: fc.boolean() })

function lengths({ spans }: TimelineOperation, at: number): number[] {
  return spans.map(({ from, until }) => (until ?? at) - from)
}

function check(timeline: Timeline): void {
  const { run, at, operations, groups, criticalPath, totals, advice } = timeline
  for (const operation of operations) checkOperation(operation, run.from, at)
  expect(operations.map(({ from }) => from)).toEqual(
    operations.map(({ from }) => from).toSorted((a, b) => a - b),
  )
  const seen = new Map<string, number>()
  for (const { key, group, from, until, most, full, size, limit } of groups) {
    expect(seen.has(key)).toBe(false)
    if (group !== undefined) expect(seen.has(group)).toBe(true)
    seen.set(key, from)
    expect(until ?? from).toBeGreaterThanOrEqual(from)
    expect(full).toBeGreaterThanOrEqual(0)
    expect(full).toBeLessThanOrEqual(1)
    expect(most).toBeLessThanOrEqual(Math.min(size, limit ?? size))
  }
  for (const { group, branch } of operations) {
    expect(group === undefined).toBe(branch === undefined)
    if (group !== undefined) expect(seen.has(group)).toBe(true)
  }
  let end = run.from
  for (const { from, until } of criticalPath) {
    expect(from).toBe(end)
    expect(until).toBeGreaterThan(from)
    end = until
  }
  expect(end).toBe(at)
  const critical = new Set(criticalPath.map(({ key }) => key))
  for (const each of operations) if (each.critical) expect(critical).toContain(each.key)
  const work = operations.flatMap((each) =>
    lengths({ ...each, spans: each.spans.filter(({ phase }) => phase === 'running') }, at),
  )
  expect(totals.wall).toBe(at - run.from)
  expect(totals.work).toBe(work.reduce((sum, length) => sum + length, 0))
  expect(totals.unlimited).toBeGreaterThanOrEqual(0)
  expect(totals.unlimited).toBeLessThanOrEqual(totals.wall)
  expect(advice.map(({ cost }) => cost)).toEqual(advice.map(({ cost }) => cost).toSorted((a, b) => b - a))
}

function checkOperation(operation: TimelineOperation, from: number, at: number): void {
  const { spans, state, until } = operation
  expect(Object.hasOwn(operation, 'error')).toBe(true)
  for (const length of lengths(operation, at)) expect(length).toBeGreaterThanOrEqual(0)
  for (const [index, span] of spans.entries()) {
    expect(span.from).toBeGreaterThanOrEqual(from)
    expect(span.until ?? at).toBeLessThanOrEqual(at)
    if (index > 0) expect(span.from).toBe(spans[index - 1]?.until)
    if (span.until === undefined) expect(index).toBe(spans.length - 1)
  }
  expect(operation.from).toBe(spans[0]?.from ?? until ?? at)
  const open = spans.at(-1)?.until === undefined
  const isOver = ['done', 'failed', 'cancelled'].includes(state)
  expect(until !== undefined).toBe(isOver)
  if (isOver && spans.length > 0) expect(spans.at(-1)?.until).toBe(until)
  if (open && spans.length > 0) expect(state).toBe(spans.at(-1)?.phase)
}

describe('of any journal', () => {
  test('spans are in order, the critical path has no gap, sums are right, members are in groups that there are', () => {
    fc.assert(
      fc.property(anything, time, options, (source, now, given) => check(timelineOf(source, now, given))),
      { numRuns: 3000 },
    )
  })

  test('the order in which entries are given makes no difference, nor does looking twice', () => {
    fc.assert(
      fc.property(anything, time, (source, now) => {
        const timeline = timelineOf(source, now)
        expect(timelineOf(source, now)).toEqual(timeline)
        expect(timelineOf({ ...source, journal: source.journal.toReversed() }, now)).toEqual(timeline)
      }),
      { numRuns: 300 },
    )
  })

  test('nothing would have been sooner without limits where there are none', () => {
    fc.assert(
      fc.property(anything, time, (source, now) => {
        const notes = source.notes.map((note) =>
          note.detail === undefined ? note : { ...note, detail: note.detail.replace('"limit"', '"none"') },
        )
        const { totals } = timelineOf({ ...source, notes }, now)
        expect(totals.unlimited).toBe(totals.wall)
      }),
      { numRuns: 1000 },
    )
  })

  test('it can be sent as JSON', () => {
    fc.assert(
      fc.property(anything, time, (source, now) => {
        const timeline = timelineOf(source, now)
        expect(JSON.parse(JSON.stringify(timeline))).toEqual(timeline)
      }),
      { numRuns: 100 },
    )
  })
})

interface Batch {
  readonly limit: number
  readonly lengths: readonly number[]
}

describe('of groups under a limit, as an engine executes them', () => {
  const batches = fc.array(
    fc.record({
      limit: fc.integer({ min: 1, max: 4 }),
      lengths: fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 12 }),
    }),
    { minLength: 1, maxLength: 4 },
  )

  /** Each after the one before. */
  function executed(
    all: readonly Batch[],
    functions: boolean,
  ): { readonly timeline: Timeline; readonly longest: number } {
    const history = new History()
    let now = 0
    for (const [index, { limit, lengths }] of all.entries()) {
      const keys = lengths.map((_, branch) => (functions ? `g${index}/${branch}/s` : `g${index}-${branch}`))
      const free = Array.from({ length: limit }, () => now)
      const ends = lengths.map((length, branch) => {
        const place = free.indexOf(Math.min(...free))
        const from = free[place] ?? now
        history.step(keys[branch] ?? '', from, from + length)
        return (free[place] = from + length)
      })
      const until = Math.max(...ends)
      history.group(`g${index}`, now, until, {
        limit,
        size: lengths.length,
        members: functions ? undefined : keys,
      })
      now = until
    }
    const longest = all.reduce((sum, { lengths }) => sum + Math.max(...lengths), 0)
    return { timeline: timelineOf(history.ended(now).source, 0), longest }
  }

  test.each([
    ['members', false],
    ['functions', true],
  ])(
    'the path is all running, there is no more work than places, and without limits the longest are left: %s',
    (_what, functions) => {
      fc.assert(
        fc.property(batches, (all) => {
          const { timeline, longest } = executed(all, functions)
          check(timeline)
          expect(timeline.criticalPath.every(({ phase }) => phase === 'running')).toBe(true)
          expect(timeline.totals.unlimited).toBe(longest)
          for (const [index, { most, full }] of timeline.groups.entries()) {
            const { limit, lengths } = all[index] as Batch
            expect(most).toBe(Math.min(limit, lengths.length))
            const taken = lengths.reduce((sum, length) => sum + length, 0)
            const { from, until } = timeline.groups[index] as Timeline['groups'][number]
            expect(full).toBeCloseTo(taken / (limit * ((until ?? 0) - from)))
          }
        }),
      )
    },
  )
})
