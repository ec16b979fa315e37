import { timelineOf, type Timeline } from 'ai-workflows'
import { describe, expect, test } from 'vitest'
import { History } from './support/history.ts'

const NOW = 1000

function places({ operations }: Timeline): Record<string, unknown> {
  return Object.fromEntries(operations.map(({ key, group, branch }) => [key, [group, branch]]))
}

describe('membership', () => {
  test('members are in the branch of their position, and what is in a function branch in that of its label', () => {
    const history = new History()
      .group('mixed', 0, 90, { members: ['a', '', 'c'] })
      .group('record', 0, 90, { size: 2 })
      .step('a', 1, 10)
      .step('mixed/1/b', 1, 10)
      .step('c', 1, 10)
      .step('record/left%2fright/d', 1, 10)
      .step('outside', 91, 99)
    expect(places(timelineOf(history.source, NOW))).toEqual({
      a: ['mixed', 0],
      'mixed/1/b': ['mixed', 1],
      c: ['mixed', 2],
      'record/left%2fright/d': ['record', 'left/right'],
      outside: [undefined, undefined],
    })
  })

  test('an operation is in the innermost group around it, also in a section that cannot be cancelled', () => {
    const history = new History()
      .group('outer', 0, 90, { size: 1 })
      .group('outer/0/inner', 0, 80, { members: ['outer/0/a'] })
      .step('outer/0/a', 1, 10)
      .step('outer/0/inner/0/b', 1, 10)
      .step('outer/0/uncancellable/c', 81, 85)
      .step('unknown/0/d', 1, 10)
    const timeline = timelineOf(history.source, NOW)
    expect(places(timeline)).toEqual({
      'outer/0/a': ['outer/0/inner', 0],
      'outer/0/inner/0/b': ['outer/0/inner', 0],
      'outer/0/uncancellable/c': ['outer', 0],
      'unknown/0/d': [undefined, undefined],
    })
    expect(timeline.groups.map(({ key, group }) => [key, group])).toEqual([
      ['outer', undefined],
      ['outer/0/inner', 'outer'],
    ])
  })

  test('a group may be a member, and comes after the one that it is in', () => {
    const history = new History()
      .group('race', 5, 50, { kind: 'race', members: ['x'] })
      .group('parallel', 5, 90, { members: ['race', 'y'] })
      .step('x', 5, 50)
      .step('y', 5, 90)
    const { groups, operations } = timelineOf(history.ended(90).source, NOW)
    expect(groups.map(({ key, group }) => [key, group])).toEqual([
      ['parallel', undefined],
      ['race', 'parallel'],
    ])
    expect(operations.map(({ key, group }) => [key, group])).toEqual([
      ['x', 'race'],
      ['y', 'parallel'],
    ])
  })

  test('groups that are in each other, as no engine writes them, are taken apart', () => {
    const history = new History().group('a', 0, 90, { members: ['b'] }).group('b', 0, 90, { members: ['a'] })
    const { groups } = timelineOf(history.ended(90).source, NOW)
    expect(groups.filter(({ group }) => group === undefined)).toHaveLength(1)
  })

  test('a group whose note is not one is left out, and its operations are in none', () => {
    const history = new History()
      .note('group', 'parallel', 0, { detail: '{"kind":' })
      .step('parallel/0/a', 1, 10)
    const timeline = timelineOf(history.source, NOW)
    expect([timeline.groups, timeline.operations[0]?.group]).toEqual([[], undefined])
  })
})

describe('a group', () => {
  test('has its limit, how many of its branches were under way at once, and how full its places were', () => {
    const history = new History()
      .group('fetch#2', 0, 100, { limit: 2, members: ['a', 'b', 'c'] })
      .step('a', 0, 40)
      .step('b', 0, 60)
      .step('c', 40, 100)
    expect(timelineOf(history.ended(100).source, NOW).groups).toEqual([
      {
        key: 'fetch#2',
        name: 'fetch',
        kind: 'parallel',
        group: undefined,
        limit: 2,
        size: 3,
        from: 0,
        until: 100,
        most: 2,
        full: 160 / 200,
        critical: true,
      },
    ])
  })

  test('without a limit is as full as it was of the most that were under way', () => {
    const history = new History()
      .group('g', 0, 100, { members: ['a', 'b'] })
      .step('a', 0, 100)
      .step('b', 50, 100)
    expect(timelineOf(history.ended(100).source, NOW).groups[0]).toMatchObject({
      limit: undefined,
      most: 2,
      full: 0.75,
    })
  })

  test('whose branches are functions was under way from the first operation to the last of each', () => {
    const history = new History()
      .group('g', 0, 100, { limit: 1, size: 2 })
      .step('g/0/a', 0, 10)
      .group('g/0/inner', 10, 50, { size: 1 })
      .step('g/0/inner/0/b', 10, 50)
      .step('g/1/a', 50, 80)
    const [outer] = timelineOf(history.ended(100).source, NOW).groups
    expect(outer).toMatchObject({ key: 'g', most: 1, full: 0.8 })
  })

  test('of an iterable has as many branches as were seen', () => {
    const history = new History()
      .group('g', 0, 0, { limit: 1, size: 0 })
      .step('g/0/a', 0, 10)
      .started('g/4/a', 10)
    expect(timelineOf(history.source, NOW).groups[0]).toMatchObject({ size: 5, until: undefined })
  })

  test('keeps its shape and its beginning when its end is noted', () => {
    const history = new History()
      .group('g', 10, 0, { kind: 'any', size: 7 })
      .note('group', 'g', 10, { due: 60 })
    expect(timelineOf(history.source, NOW).groups[0]).toMatchObject({
      kind: 'any',
      size: 7,
      from: 10,
      until: 60,
    })
  })

  test('that left no outcome ended with the one around it, or with the run', () => {
    const history = new History().group('a', 0, 40).group('a/0/b', 10, 0).group('c', 20, 0)
    expect(timelineOf(history.ended(90, 'failed').source, NOW).groups.map(({ until }) => until)).toEqual([
      40, 40, 90,
    ])
  })
})

describe('a member that waits for a place', () => {
  const shape = { limit: 1, members: ['a', 'b', 'c'] }

  test('is queued since its group began', () => {
    const history = new History()
      .group('g', 10, 0, shape)
      .step('a', 10, 50)
      .step('b', 51, 90)
      .started('c', 91)
    const { operations } = timelineOf(history.source, NOW)
    expect(
      operations.map(({ key, state, from, spans }) => [
        key,
        state,
        from,
        ...spans.map(({ phase, until }) => [phase, until]),
      ]),
    ).toEqual([
      ['a', 'done', 10, ['running', 50]],
      ['b', 'done', 10, ['queued', 51], ['running', 90]],
      ['c', 'running', 10, ['queued', 91], ['running', undefined]],
    ])
  })

  test('and has not begun is queued, and is given up when its group ends', () => {
    const history = new History().group('g', 10, 0, shape).failed('a', 10, 50)
    expect(timelineOf(history.source, NOW).operations[1]).toMatchObject({
      key: 'b',
      name: 'b',
      kind: 'step',
      state: 'queued',
      attempts: 0,
      spans: [{ phase: 'queued', from: 10, until: undefined }],
      group: 'g',
      branch: 1,
      critical: false,
    })
    history.note('group', 'g', 10, { due: 52 })
    expect(timelineOf(history.source, NOW).operations[2]).toMatchObject({
      key: 'c',
      state: 'cancelled',
      until: 52,
      spans: [{ phase: 'queued', from: 10, until: 52 }],
    })
  })

  test('in a run that was left behind is interrupted', () => {
    const history = new History().group('g', 10, 0, shape).step('a', 10, 50).started('b', 51)
    const { operations } = timelineOf(history.source, NOW, { interrupted: true })
    expect(operations.map(({ state }) => state)).toEqual(['done', 'interrupted', 'interrupted'])
  })

  test('has the kind that its name tells, and is not shown where that is a group’s', () => {
    const members = ['a', 'sleep#2', 'event:go', 'race#3']
    const { operations } = timelineOf(new History().group('g', 10, 0, { limit: 1, members }).source, NOW)
    expect(operations.map(({ key, kind }) => [key, kind])).toEqual([
      ['a', 'step'],
      ['sleep#2', 'sleep'],
      ['event:go', 'event'],
    ])
  })

  test('was not queued where it had begun before its group, or where that is only known of its branch', () => {
    const history = new History()
      .group('g', 20, 90, { limit: 1, members: ['shared', ''] })
      .step('shared', 5, 40)
      .step('g/1/a', 40, 90)
    const { operations } = timelineOf(history.ended(90).source, NOW)
    expect(operations.flatMap(({ spans }) => spans.map(({ phase }) => phase))).toEqual(['running', 'running'])
  })
})
