import { timelineOf, type Completion, type Note, type Timeline } from 'ai-workflows'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeShape } from '../../src/core/group-shape.ts'
import { Story, T0 } from './support/story.ts'

const GROUPS = ['g', 'h', 'g/0/i', 'loop']
const KEYS = [
  'a',
  'b',
  'b#2',
  'g',
  'g/0/a',
  'g/0/b',
  'g/1/a',
  'g/0/i/1/c',
  'h/x/d',
  'a!compensate',
  'g!timeout',
  'loop',
  'other/3/z',
]
const time = fc.integer({ min: -50, max: 500 }).map((ms) => T0 + ms)
const key = fc.constantFrom(...KEYS)

const completion: fc.Arbitrary<Completion> = fc
  .record({
    key,
    at: time,
    startedAt: time,
    attempt: fc.integer({ min: 1, max: 3 }),
    retryAt: fc.option(time),
  })
  .chain(({ key: name, at, startedAt, attempt, retryAt }) =>
    fc.constantFrom<Completion>(
      { kind: 'step-done', key: name, at, attempt, startedAt, payload: '' },
      {
        kind: 'step-failed',
        key: name,
        at,
        attempt,
        startedAt,
        payload: '',
        ...(retryAt !== null && { retryAt }),
      },
      { kind: 'timer-fired', key: name, at },
      { kind: 'event-received', key: name, at, name: 'e', payload: '' },
      { kind: 'child-done', key: name, at, name: 'child', payload: '' },
      { kind: 'cancel-requested', key: '', at, payload: '' },
    ),
  )

const shape = fc
  .record({
    kind: fc.constantFrom('parallel' as const, 'race' as const, 'any' as const),
    limit: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
    size: fc.nat(4),
    members: fc.option(fc.array(fc.constantFrom('', ...KEYS), { maxLength: 4 }), { nil: undefined }),
  })
  .map(encodeShape)

const note: fc.Arbitrary<Note> = fc.oneof(
  fc.record({
    key,
    at: time,
    kind: fc.constantFrom('started', 'cancelled', 'due', 'waiting'),
    attempt: fc.nat(3),
    due: time,
  }),
  fc.record({
    key: fc.constantFrom(...GROUPS),
    at: time,
    kind: fc.constant('group'),
    attempt: fc.constant(0),
    due: fc.oneof(fc.constant(0), time),
    detail: fc.oneof(shape, fc.string()),
  }),
)

const timeline = fc
  .record({
    journal: fc.array(completion, { maxLength: 25 }),
    notes: fc.array(note, { maxLength: 15 }),
    now: time,
    end: fc.option(
      fc.record({ at: time, status: fc.constantFrom('completed', 'failed', 'cancelled', 'blocked') }),
    ),
    interrupted: fc.boolean(),
  })
  .map(({ journal, notes, now, end, interrupted }) => {
    const { history } = new Story(end === null ? {} : { status: end.status as 'completed', endedAt: end.at })
    const entries = journal.map((each, index) => ({ seq: index + 1, completion: each }))
    return timelineOf({ ...history, journal: entries, notes }, now, { interrupted })
  })

const forAll = (check: (timeline: Timeline) => void): void =>
  fc.assert(fc.property(timeline, check), { numRuns: 2000 })

describe('of any journal, half written or with a clock that jumped', () => {
  it('phases follow each other without gaps, and none is negative', () => {
    forAll(({ operations }) => {
      for (const { spans, from, until } of operations) {
        for (const [index, span] of spans.entries()) {
          expect(span.until ?? Infinity).toBeGreaterThanOrEqual(span.from)
          if (index > 0) expect(span.from).toBe(spans[index - 1]?.until)
        }
        if (spans.length > 0) expect([spans[0]?.from, spans.at(-1)?.until]).toEqual([from, until])
      }
    })
  })

  it('the critical path is whole, from the beginning to the moment that is shown', () => {
    forAll(({ criticalPath, run, at }) => {
      let reached = run.from
      for (const { from, until } of criticalPath) {
        expect(from).toBe(reached)
        expect(until).toBeGreaterThan(from)
        reached = until
      }
      expect(reached).toBe(at)
    })
  })

  it('no limit costs more than all there is, and the figures agree', () => {
    forAll(({ totals, run, at, groups, operations }) => {
      expect(totals.wall).toBe(at - run.from)
      expect(totals.unlimited).toBeLessThanOrEqual(totals.wall)
      expect(totals.unlimited).toBeGreaterThanOrEqual(0)
      expect(totals.work).toBeGreaterThanOrEqual(0)
      for (const { full, most } of groups) {
        expect(full).toBeGreaterThanOrEqual(0)
        expect(full).toBeLessThanOrEqual(1)
        expect(most).toBeGreaterThanOrEqual(0)
      }
      const known = new Set(groups.map(({ key: name }) => name))
      for (const { group } of operations) if (group !== undefined) expect(known).toContain(group)
    })
  })
})

/** Groups of a run that is without limits lose nothing to them. */
describe('of a journal as engines write it', () => {
  it('what a limit cost is what the branches before in line took', () => {
    const durations = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(durations, fc.integer({ min: 1, max: 5 }), (each, limit) => {
        const ends = Array.from({ length: limit }, () => 0)
        const story = new Story()
        const members = each.map((_, index) => `s${index}`)
        for (const [index, duration] of each.entries()) {
          const place = ends.indexOf(Math.min(...ends))
          const from = ends[place] as number
          ends[place] = from + duration
          story.done(`s${index}`, from, from + duration)
        }
        const wall = Math.max(...ends)
        const { totals, groups } = timelineOf(
          story.group('g', 0, wall, { limit, members }).ended(wall).history,
          T0 + wall,
        )
        expect(totals.unlimited).toBe(Math.max(...each))
        expect(totals.work).toBe(each.reduce((a, b) => a + b, 0))
        expect(groups[0]?.most).toBe(Math.min(limit, each.length))
      }),
    )
  })
})
