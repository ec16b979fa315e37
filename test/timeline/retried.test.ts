import { timelineOf, type Timeline } from 'ai-workflows'
import { describe, expect, test } from 'vitest'
import { History } from './support/history.ts'

function states({ operations }: Timeline): unknown[] {
  return operations.map(({ key, kind, state, from, until }) => [key, kind, state, from, until])
}

describe('a run that was retried', () => {
  const first = (): History => new History().step('a', 0, 10).failed('b', 10, 20).step('c', 10, 30)

  test('shows a success that is kept where it was, and no failure that is tried anew', () => {
    const timeline = timelineOf(first().retried().source, 5000)
    expect(states(timeline)).toEqual([
      ['a', 'step', 'done', 0, 10],
      ['c', 'step', 'done', 10, 30],
    ])
  })

  test('shows each operation once, also where its success was recorded anew', () => {
    const history = first().retried().step('a', 0, 10).step('c', 10, 30).step('b', 1000, 1100).ended(1110)
    expect(states(timelineOf(history.source, 5000))).toEqual([
      ['a', 'step', 'done', 0, 10],
      ['c', 'step', 'done', 10, 30],
      ['b', 'step', 'done', 1000, 1100],
    ])
  })

  test('keeps the attempts of a success that was recorded anew, and not those that were tried anew', () => {
    const history = new History()
      .failed('a', 0, 10, 1, 15)
      .step('a', 16, 20, 2)
      .failed('b', 20, 25, 1, 30)
      .failed('b', 31, 40, 2)
      .retried()
      .step('a', 16, 20, 2)
      .step('b', 1000, 1100)
    const [a, b] = timelineOf(history.ended(1100).source, 5000).operations
    expect(a?.spans.map(({ phase }) => phase)).toEqual(['running', 'backing-off', 'running'])
    expect(b).toMatchObject({ attempts: 1, spans: [{ from: 1000, until: 1100 }] })
  })

  test('shows a group since the first of its branches, though it was made anew', () => {
    const history = new History().step('a', 0, 100).step('b', 100, 300).failed('c', 100, 200).retried()
    history.group('g', 5000, 5200, { limit: 2, members: ['b', 'c'] })
    const { groups, criticalPath } = timelineOf(history.step('c', 5000, 5200).ended(5200).source, 5200)
    expect(groups).toMatchObject([{ from: 100, until: 5200, most: 1, full: 400 / (2 * 5100) }])
    expect(criticalPath.map(({ key, phase, until }) => [key, phase, until])).toEqual([
      ['a', 'running', 100],
      ['b', 'running', 300],
      [undefined, 'waiting', 5000],
      ['c', 'running', 5200],
    ])
  })

  test('counts the time between as nobody’s', () => {
    const history = first().retried().step('a', 0, 10).step('c', 10, 30).step('b', 1000, 1100).ended(1110)
    const { criticalPath, totals } = timelineOf(history.source, 5000)
    expect(criticalPath).toEqual([
      { key: 'a', phase: 'running', from: 0, until: 10 },
      { key: 'c', phase: 'running', from: 10, until: 30 },
      { key: undefined, phase: 'waiting', from: 30, until: 1000 },
      { key: 'b', phase: 'running', from: 1000, until: 1100 },
      { key: undefined, phase: 'code', from: 1100, until: 1110 },
    ])
    expect(totals.wall).toBe(1110)
  })

  test('that nobody has taken up yet has waited since its first end', () => {
    const { criticalPath } = timelineOf(first().retried().is({ status: 'pending' }).source, 5000)
    expect(criticalPath.at(-1)).toEqual({ key: undefined, phase: 'waiting', from: 30, until: 5000 })
  })

  test('in which nothing has happened yet has waited since its first end, too', () => {
    const { criticalPath } = timelineOf(first().retried().source, 5000)
    expect(criticalPath.at(-1)).toEqual({ key: undefined, phase: 'waiting', from: 30, until: 5000 })
  })

  test('from a step on shows nothing of what is done anew until it begins', () => {
    const history = first()
      .retried()
      .is({ dropped: [[3, 3]] })
    expect(states(timelineOf(history.source, 5000))).toEqual([['a', 'step', 'done', 0, 10]])
    expect(states(timelineOf(history.started('c', 900).source, 5000))).toEqual([
      ['a', 'step', 'done', 0, 10],
      ['c', 'step', 'running', 900, undefined],
    ])
  })

  test('shows no step that was undone, nor its compensation', () => {
    const history = new History().step('a', 0, 10).failed('b', 10, 20).step('a!compensate', 20, 30).retried()
    expect(states(timelineOf(history.source, 5000))).toEqual([])
    const again = history.step('a', 100, 110).step('a!compensate', 120, 130).ended(140, 'failed')
    expect(states(timelineOf(again.source, 5000))).toEqual([
      ['a', 'step', 'done', 100, 110],
      ['a', 'compensation', 'done', 120, 130],
    ])
  })

  test('shows what only an order before the last has', () => {
    const history = first().retried().step('a', 0, 10).retried()
    expect(states(timelineOf(history.source, 5000)).map((each) => (each as string[])[0])).toEqual(['a', 'c'])
  })
})

describe('a fork', () => {
  test('was given what it begins with: that took it no time', () => {
    const history = new History()
      .step('a', 0, 10)
      .step('b', 10, 500)
      .retried()
      .is({ forkedFrom: 'q', createdAt: 2000 })
      .step('a', 0, 10)
      .step('b', 10, 500)
      .step('c', 2010, 2050)
      .ended(2060)
    const timeline = timelineOf(history.source, 5000)
    expect(states(timeline)).toEqual([
      ['a', 'step', 'done', 2000, 2000],
      ['b', 'step', 'done', 2000, 2000],
      ['c', 'step', 'done', 2010, 2050],
    ])
    expect(timeline.totals).toMatchObject({ wall: 60, work: 40 })
    expect(timeline.criticalPath.map(({ key, phase }) => key ?? phase)).toEqual(['code', 'c', 'code'])
  })
})
