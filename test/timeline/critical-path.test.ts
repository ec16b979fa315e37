import { timelineOf, type Timeline } from 'ai-workflows'
import { describe, expect, test } from 'vitest'
import { History } from './support/history.ts'

function path({ criticalPath }: Timeline): string[] {
  return criticalPath.map(({ key, phase, from, until }) => `${key ?? '·'} ${phase} ${from}-${until}`)
}

function pathOf(history: History, now = 1000): string[] {
  return path(timelineOf(history.source, now))
}

describe('the critical path', () => {
  test('of steps one after another is all of them, and the code between', () => {
    expect(pathOf(new History().step('a', 2, 10).step('b', 11, 30).ended(31))).toEqual([
      '· code 0-2',
      'a running 2-10',
      '· code 10-11',
      'b running 11-30',
      '· code 30-31',
    ])
  })

  test('goes through the branch that ended last', () => {
    const history = new History()
      .step('a', 0, 10)
      .group('parallel', 10, 91, { members: ['fast', 'slow'] })
      .step('fast', 11, 50)
      .step('slow', 11, 90)
      .step('z', 92, 95)
    const timeline = timelineOf(history.ended(95).source, 0)
    expect(path(timeline)).toEqual([
      'a running 0-10',
      'slow queued 10-11',
      'slow running 11-90',
      '· code 90-92',
      'z running 92-95',
    ])
    expect(timeline.operations.map(({ key, critical }) => [key, critical])).toEqual([
      ['a', true],
      ['fast', false],
      ['slow', true],
      ['z', true],
    ])
    expect(timeline.groups.map(({ critical }) => critical)).toEqual([true])
  })

  test('has the attempts of a step, and the waits between them', () => {
    const history = new History().failed('pay', 0, 10, 1, 100).step('pay', 101, 120, 2).ended(120)
    expect(pathOf(history)).toEqual(['pay running 0-10', 'pay backing-off 10-101', 'pay running 101-120'])
  })

  test('goes from a member that waited for a place to the one whose end freed it', () => {
    const history = new History()
      .group('g', 0, 90, { limit: 2, members: ['a', 'b', 'c', 'd'] })
      .step('a', 0, 30)
      .step('b', 0, 50)
      .step('other', 10, 49)
      .step('c', 31, 60)
      .step('d', 52, 90)
    expect(pathOf(history.ended(90))).toEqual(['b running 0-50', 'd queued 50-52', 'd running 52-90'])
  })

  test('does so however long the place was free, but for nothing else', () => {
    const history = new History()
      .group('g', 0, 200, { limit: 1, members: ['a', 'b'] })
      .step('a', 0, 30)
      .step('other', 40, 95)
      .step('b', 100, 200)
    expect(pathOf(history.ended(200))).toEqual(['a running 0-30', 'b queued 30-100', 'b running 100-200'])
  })

  test('goes from the first operation of a function branch to the branch whose end freed its place', () => {
    const history = new History()
      .group('g', 0, 90, { limit: 1, size: 2 })
      .step('g/0/a', 0, 20)
      .step('g/0/b', 21, 40)
      .step('g/1/a', 41, 60)
      .step('g/1/b', 61, 90)
    expect(pathOf(history.ended(90))).toEqual([
      'g/0/a running 0-20',
      '· code 20-21',
      'g/0/b running 21-40',
      'g/1/a queued 40-41',
      'g/1/a running 41-60',
      '· code 60-61',
      'g/1/b running 61-90',
    ])
  })

  test('stays in a function branch, though something elsewhere ended a moment before', () => {
    const history = new History()
      .group('g', 0, 90, { size: 2 })
      .step('g/0/a', 0, 30)
      .step('g/1/a', 0, 32)
      .step('g/0/b', 33, 90)
      .step('g/1/b', 33, 50)
    expect(pathOf(history.ended(90))).toEqual(['g/0/a running 0-30', '· code 30-33', 'g/0/b running 33-90'])
  })

  test('leaves a function branch for what it must have waited for: branches may share operations', () => {
    const history = new History()
      .step('shared', 0, 60)
      .group('g', 0, 90, { size: 1 })
      .step('g/0/a', 0, 10)
      .step('g/0/b', 61, 90)
    expect(pathOf(history.ended(90))).toEqual(['shared running 0-60', '· code 60-61', 'g/0/b running 61-90'])
  })

  test('goes on before the outer group, from a group within a branch', () => {
    const history = new History()
      .step('a', 0, 20)
      .group('g', 21, 90, { size: 1 })
      .group('g/0/h', 21, 90, { size: 1 })
      .step('g/0/h/0/b', 22, 90)
    expect(pathOf(history.ended(90))).toEqual(['a running 0-20', '· code 20-22', 'g/0/h/0/b running 22-90'])
  })

  test('does so, though something else ended between the group’s beginning and that of its first operation', () => {
    const history = new History()
      .step('other', 0, 22)
      .step('a', 0, 20)
      .group('g', 21, 90, { size: 1 })
      .step('g/0/b', 23, 90)
    expect(pathOf(history.ended(90))).toEqual(['a running 0-20', '· code 20-23', 'g/0/b running 23-90'])
  })

  test('has no operation that was given up for another’s sake', () => {
    const history = new History()
      .group('race', 0, 41, { kind: 'race', members: ['winner', 'loser'] })
      .started('loser', 0)
      .step('winner', 0, 40)
      .note('cancelled', 'loser', 42, { attempt: 1 })
      .step('z', 43, 50)
    expect(pathOf(history.ended(50))).toEqual(['winner running 0-40', '· code 40-43', 'z running 43-50'])
  })

  test('has what a time limit put an end to, until then', () => {
    const history = new History()
      .group('g', 0, 81, { members: ['quick', 'slow'] })
      .started('slow', 0)
      .step('quick', 0, 10)
      .entry({ kind: 'timer-fired', key: 'g!timeout', at: 80 })
      .note('cancelled', 'slow', 81, { attempt: 1 })
      .step('z', 82, 90)
    expect(pathOf(history.ended(90))).toEqual(['slow running 0-80', '· code 80-82', 'z running 82-90'])
  })

  test('has what was running when the run was cancelled', () => {
    const history = new History()
      .started('slow', 5)
      .entry({ kind: 'cancel-requested', key: '!cancel', at: 70, payload: '1' })
      .note('cancelled', 'slow', 71, { attempt: 1 })
    expect(pathOf(history.ended(75, 'cancelled'))).toEqual([
      '· code 0-5',
      'slow running 5-70',
      '· code 70-75',
    ])
  })

  test('of a run that has not ended goes to now, through what runs longest', () => {
    const history = new History().step('a', 0, 10).started('b', 12).started('c', 11)
    expect(pathOf(history, 500)).toEqual(['a running 0-10', '· code 10-11', 'c running 11-500'])
  })

  test('of a run that was left behind waits since the last that was heard of it', () => {
    const history = new History().step('a', 0, 10).started('b', 12).step('c', 12, 80)
    const { criticalPath } = timelineOf(history.source, 500, { interrupted: true })
    expect(criticalPath.at(-1)).toEqual({ key: undefined, phase: 'waiting', from: 80, until: 500 })
  })

  test('of a run that only waits, and does not say for what, waits', () => {
    expect(pathOf(new History().step('a', 0, 10).is({ status: 'waiting' }), 500)).toEqual([
      'a running 0-10',
      '· waiting 10-500',
    ])
  })

  test('waits for what is known to have ended only', () => {
    const history = new History()
      .group('g', 0, 300, { limit: 1, members: ['a', 'event:go'] })
      .step('a', 0, 20)
      .entry({ kind: 'event-received', key: 'event:go', at: 300, name: 'go', payload: '1' })
    expect(pathOf(history.ended(300))).toEqual(['a running 0-20', 'event:go waiting 20-300'])
  })
})
