import { timelineOf, type Advice, type TimelineTotals } from 'ai-workflows'
import { describe, expect, test } from 'vitest'
import { placesFor, timeWith } from '../../src/timeline/enough.ts'
import { History } from './support/history.ts'

function totals(history: History): TimelineTotals {
  return timelineOf(history.source, 100_000).totals
}

function advice(history: History): Advice[] {
  return [...timelineOf(history.source, 100_000).advice]
}

/** Members that take `length` each, at most `limit` at once. */
function batch(
  history: History,
  key: string,
  count: number,
  limit: number,
  length: number,
  from = 0,
): number {
  const members = Array.from({ length: count }, (_, index) => `${key}-${index}`)
  const until = from + Math.ceil(count / limit) * length
  history.group(key, from, until, { limit, members })
  for (const [index, member] of members.entries()) {
    const at = from + Math.floor(index / limit) * length
    history.step(member, at, at + length)
  }
  return until
}

describe('totals', () => {
  test('are the time from beginning to end, the time that functions ran, and one divided by the other', () => {
    const history = new History()
      .group('g', 0, 100, { members: ['a', 'b', 'c'] })
      .step('a', 0, 100)
      .failed('b', 0, 50, 1, 60)
      .step('b', 60, 90, 2)
      .step('c', 0, 20)
    expect(totals(history.ended(100))).toEqual({ wall: 100, work: 200, speedUp: 2, unlimited: 100 })
  })

  test('count what runs until now, and no sleep', () => {
    const history = new History().started('a', 99_900).note('due', 'sleep', 0, { due: 200_000 })
    expect(totals(history)).toMatchObject({ wall: 100_000, work: 100 })
  })
})

describe('without limits', () => {
  test('members all begin with their group, and what comes after it comes as long after it', () => {
    const history = new History().step('before', 0, 10)
    const until = batch(history, 'g', 6, 2, 100, 10)
    history.step('after', until + 5, until + 25)
    expect(totals(history.ended(until + 30))).toMatchObject({ wall: 340, unlimited: 10 + 100 + 5 + 20 + 5 })
  })

  test('function branches do so too, and keep what they take within', () => {
    const history = new History()
      .group('g', 0, 91, { limit: 1, size: 2 })
      .step('g/0/a', 0, 20)
      .step('g/0/b', 25, 40)
      .step('g/1/a', 41, 60)
      .step('g/1/b', 61, 90)
    expect(totals(history.ended(91))).toMatchObject({ wall: 91, unlimited: 1 + 19 + 1 + 29 + 1 })
  })

  test('a group within a branch is shorter, and with it the branch and all that waited for its place', () => {
    const history = new History().group('g', 0, 80, { size: 2, limit: 1 })
    batch(history, 'g/0/h', 4, 2, 20, 0)
    batch(history, 'g/1/h', 4, 2, 20, 40)
    expect(totals(history.ended(80))).toMatchObject({ wall: 80, unlimited: 20 })
  })

  test('a group whose branches were given up takes what it took', () => {
    const history = new History()
      .group('g', 0, 80, { limit: 1, members: ['a', 'b'] })
      .started('a', 0)
      .entry({ kind: 'timer-fired', key: 'g!timeout', at: 80 })
    expect(totals(history.ended(80))).toMatchObject({ wall: 80, unlimited: 80 })
  })

  test('a group whose time was up takes what it took, also when some of it had ended', () => {
    const history = new History()
      .group('g', 0, 100, { limit: 1, members: ['a', 'b', 'slow'] })
      .step('a', 0, 50)
      .step('b', 50, 90)
      .started('slow', 90)
      .entry({ kind: 'timer-fired', key: 'g!timeout', at: 100 })
    expect(totals(history.ended(100))).toMatchObject({ wall: 100, unlimited: 100 })
  })

  test('a failure comes sooner, and with it the end of what was given up for it', () => {
    const history = new History()
      .group('g', 0, 100, { limit: 2, members: ['long', 'short', 'bad'] })
      .started('long', 0)
      .step('short', 0, 50)
      .failed('bad', 50, 100)
    expect(totals(history.ended(100, 'failed'))).toMatchObject({ wall: 100, unlimited: 50 })
  })

  test('nothing changes where there is no limit', () => {
    const history = new History()
      .step('a', 3, 10)
      .step('b', 4, 60)
      .group('g', 61, 90, { members: ['c', 'd'] })
    history.step('c', 62, 70).step('d', 71, 90).step('e', 95, 100)
    expect(totals(history.ended(101))).toMatchObject({ wall: 101, unlimited: 101 })
  })
})

describe('how many places are enough', () => {
  test('as many as let all end by then, each begun in order when one is free', () => {
    expect(timeWith([5, 3, 4, 2], 2)).toBe(7)
    expect(timeWith([5, 3, 4, 2], 4)).toBe(5)
    expect(placesFor([5, 3, 4, 2], 5, 1)).toBe(3)
    expect(placesFor([5, 5, 5, 5], 5, 1)).toBe(4)
    expect(placesFor([10, 1, 1, 1, 1, 1], 10, 1)).toBe(2)
  })
})

describe('advice', () => {
  test('names the limit that cost time, what it cost, and what would have been enough', () => {
    const history = new History()
    const until = batch(history, 'enrich', 8, 3, 2000)
    expect(advice(history.ended(until))[0]).toEqual({
      kind: 'limit',
      text: '`concurrency: 3` of `enrich` cost 4.0 s of 6.0 s; 8 would have been enough, if what it calls can take as many at once.',
      key: 'enrich',
      cost: 4000,
    })
  })

  test('does not say what would be enough while the group still runs', () => {
    const history = new History().group('g', 0, 0, { limit: 1, members: ['a', 'b', 'c'] })
    history.step('a', 0, 30_000).step('b', 30_000, 90_000).started('c', 90_000)
    expect(advice(history).find(({ kind }) => kind === 'limit')).toMatchObject({
      text: '`concurrency: 1` of `g` cost 40.0 s of 1 min 40 s so far.',
    })
  })

  test('names a step that is most of the time', () => {
    const history = new History().step('fetch', 0, 300).step('rerank', 300, 1000).ended(1000)
    expect(advice(history)).toEqual([
      {
        kind: 'step',
        text: '70% of the time is one step, `rerank`: 700 ms of 1.0 s.',
        key: 'rerank',
        cost: 700,
      },
    ])
  })

  test('names steps of one name that are most of the time', () => {
    const history = new History().step('a', 0, 100)
    history.group('g', 100, 900, { size: 1 })
    for (let page = 0; page < 8; page++) history.step(`g/0/page-${page}`, 100 * (page + 1), 100 * (page + 2))
    expect(advice(history.ended(900))).toEqual([
      {
        kind: 'step',
        text: '89% of the time is `page-*`, 8 times one after another: 800 ms of 900 ms.',
        key: 'g/0/page-0',
        cost: 800,
      },
    ])
  })

  test('names steps that ran one after another, and what could be saved at most', () => {
    const history = new History()
      .step('a', 0, 300)
      .step('b', 300, 600)
      .step('c', 600, 1000)
      .step('d', 1000, 1100)
    expect(advice(history.ended(1100))).toEqual([
      {
        kind: 'sequence',
        text: "100% of the time is 4 steps one after another (`a`, `b`, `c` and 1 more). Those that do not need one another's results can run in `parallel`, which would save up to 700 ms.",
        key: undefined,
        cost: 700,
      },
    ])
  })

  test('does not say that of steps that run at the same time without a group', () => {
    const history = new History()
    for (let lane = 0; lane < 3; lane++)
      for (const at of [0, 200, 400]) history.step(`${'abc'[lane]}-${at}`, at, at + 190 + lane)
    expect(advice(history.ended(600)).filter(({ kind }) => kind === 'sequence')).toEqual([])
  })

  test('names failed attempts and the waits after them', () => {
    const history = new History()
      .failed('pay', 0, 200, 1, 600)
      .failed('pay', 600, 700, 2, 800)
      .step('pay', 800, 1000, 3)
    expect(advice(history.ended(1000))).toEqual([
      {
        kind: 'retries',
        text: 'Failed attempts of `pay` and the waits after them took 800 ms of 1.0 s.',
        key: 'pay',
        cost: 800,
      },
      { kind: 'step', text: '50% of the time is one step, `pay`: 500 ms of 1.0 s.', key: 'pay', cost: 500 },
    ])
  })

  test('names what was waited for', () => {
    const history = new History()
      .step('a', 0, 1000)
      .note('waiting', 'event:approve', 1000)
      .entry({ kind: 'event-received', key: 'event:approve', at: 90_000, name: 'approve', payload: '1' })
    expect(advice(history.ended(90_000))).toEqual([
      {
        kind: 'waiting',
        text: '99% of the time is waiting for an event, `event:approve`.',
        key: 'event:approve',
        cost: 89_000,
      },
    ])
  })

  test('does not count the time in which nobody executed the run', () => {
    const history = new History().step('a', 0, 300).failed('b', 300, 400).retried()
    history.step('a', 0, 300).step('b', 90_000, 90_100).ended(90_100)
    expect(advice(history)).toEqual([
      { kind: 'step', text: '60% of the time is one step, `a`: 300 ms of 500 ms.', key: 'a', cost: 300 },
    ])
  })

  test('does not call an attempt failed whose process died, nor count until somebody went on', () => {
    const history = new History().started('a', 0).step('b', 0, 1500).started('a', 60_000, 2)
    expect(advice(history.step('a', 60_000, 61_000, 2).ended(61_000))).toEqual([
      { kind: 'step', text: '100% of the time is one step, `a`: 2.5 s of 2.5 s.', key: 'a', cost: 2500 },
    ])
  })

  test('is not given where there is nothing to gain', () => {
    expect(advice(new History().step('a', 0, 50).ended(50))).toEqual([])
    const history = new History().group('g', 0, 1000, { members: ['a', 'b'], limit: 2 })
    expect(advice(history.step('a', 0, 450).step('b', 0, 450).step('c', 550, 1000).ended(1000))).toEqual([])
  })

  test('has the most worthwhile first', () => {
    const history = new History()
    const small = batch(history, 'small', 4, 2, 100)
    const large = batch(history, 'large', 8, 2, 100, small)
    const costs = advice(history.ended(large)).filter(({ kind }) => kind === 'limit')
    expect(costs.map(({ key, cost }) => [key, cost])).toEqual([
      ['large', 300],
      ['small', 100],
    ])
  })
})
