import { timelineOf } from 'ai-workflows'
import { describe, expect, it } from 'vitest'
import { operation, pathOf, phases, Story, T0 } from './support/story.ts'

const NOW = T0 + 10_000

describe('an operation on the timeline', () => {
  it('runs from the start of its attempt to its end', () => {
    const timeline = timelineOf(new Story().done('a', 5, 25).ended(30).history, NOW)
    expect(phases(operation(timeline, 'a'))).toBe('running 5-25')
    expect(operation(timeline, 'a')).toMatchObject({
      state: 'done',
      kind: 'step',
      attempts: 1,
      until: T0 + 25,
    })
    expect(timeline.run).toEqual({ id: 'r', workflow: 'w', status: 'completed', from: T0, until: T0 + 30 })
  })

  it('backs off between its attempts, and until now while the next is not due', () => {
    const story = new Story()
      .failed('a', 0, 10, { retryAt: 50 })
      .failed('a', 52, 60, { attempt: 2, retryAt: 20_000 })
    const timeline = timelineOf(story.history, NOW)
    expect(phases(operation(timeline, 'a'))).toBe(
      'running 0-10, backing-off 10-52, running 52-60, backing-off 60-',
    )
    expect(operation(timeline, 'a')).toMatchObject({
      state: 'backing-off',
      attempts: 2,
      until: undefined,
      error: '"no"',
    })
  })

  it('whose process died in an attempt ran at most until the next began', () => {
    const story = new Story().note('a', 'started', 10).done('a', 90, 100, 2).ended(100)
    expect(phases(operation(timelineOf(story.history, NOW), 'a'))).toBe('running 10-90, running 90-100')
  })

  it('was queued since its group began', () => {
    const story = new Story()
      .group('g', 10, 60, { limit: 1, members: ['a', 'b'] })
      .done('a', 10, 30)
      .done('b', 30, 60)
      .ended(60)
    const timeline = timelineOf(story.history, NOW)
    expect(phases(operation(timeline, 'a'))).toBe('running 10-30')
    expect(phases(operation(timeline, 'b'))).toBe('queued 10-30, running 30-60')
    expect(operation(timeline, 'b')).toMatchObject({ group: 'g', branch: 1 })
  })

  it('that never began is queued while its group lasts, and cancelled with it', () => {
    const open = new Story()
      .group('g', 10, undefined, { limit: 1, members: ['a', 'b'] })
      .note('a', 'started', 10)
    expect(operation(timelineOf(open.history, NOW), 'b')).toMatchObject({ state: 'queued', until: undefined })
    const closed = new Story()
      .group('g', 10, 40, { limit: 1, members: ['a', 'b'] })
      .failed('a', 10, 40)
      .ended(50, 'failed')
    const timeline = timelineOf(closed.history, NOW)
    expect(operation(timeline, 'a').state).toBe('failed')
    expect(operation(timeline, 'b').state).toBe('cancelled')
    expect(phases(operation(timeline, 'b'))).toBe('queued 10-40')
  })

  it('that was given up ran until then; where nobody noted that, until its group or the run ended', () => {
    const story = new Story()
      .group('g', 0, 40, { kind: 'race', members: ['a', 'b', 'c'] })
      .note('a', 'started', 0)
      .note('a', 'cancelled', 35)
      .note('b', 'started', 0)
      .done('c', 0, 40)
      .note('d', 'started', 45)
      .ended(70, 'cancelled')
    const timeline = timelineOf(story.history, NOW)
    expect(['a', 'b', 'd'].map((key) => phases(operation(timeline, key)))).toEqual([
      'running 0-35',
      'running 0-40',
      'running 45-70',
    ])
    expect(['a', 'b', 'd'].map((key) => operation(timeline, key).state)).toEqual(Array(3).fill('cancelled'))
  })

  it('that runs in a run that nobody executes is interrupted', () => {
    const story = new Story().note('a', 'started', 10)
    expect(operation(timelineOf(story.history, NOW), 'a').state).toBe('running')
    const timeline = timelineOf(story.history, NOW, { interrupted: true })
    expect(operation(timeline, 'a').state).toBe('interrupted')
    expect(timeline.run.status).toBe('interrupted')
  })

  it('that waits does so from when that was noted: a sleep, an event, a child', () => {
    const story = new Story()
      .note('nap', 'due', 0, { due: T0 + 100 })
      .completed({ kind: 'timer-fired', key: 'nap', at: T0 + 101 })
      .note('go', 'waiting', 101)
      .completed({ kind: 'event-received', key: 'go', name: 'go', payload: 'null', at: T0 + 150 })
      .note('kid', 'started', 150, { attempt: 0 })
      .completed({ kind: 'child-failed', key: 'kid', name: 'r-kid', payload: '"no"', at: T0 + 190 })
      .completed({ kind: 'timer-fired', key: 'short', at: T0 + 195 })
      .note('soon', 'due', 195, { due: T0 + 90_000 })
    const timeline = timelineOf(story.history, NOW)
    expect(timeline.operations.map(({ key, kind, state }) => [key, kind, state])).toEqual([
      ['nap', 'sleep', 'done'],
      ['go', 'event', 'done'],
      ['kid', 'child', 'failed'],
      ['short', 'sleep', 'done'],
      ['soon', 'sleep', 'waiting'],
    ])
    expect(timeline.operations.map(phases)).toEqual([
      'waiting 0-101',
      'waiting 101-150',
      'waiting 150-190',
      '',
      'waiting 195-',
    ])
    expect(operation(timeline, 'kid').child).toBe('r-kid')
  })

  it('that undoes a step is a compensation of that step; what the library did by itself is left out', () => {
    const story = new Story()
      .done('pay', 0, 10)
      .completed({ kind: 'timer-fired', key: 'g!timeout', at: T0 + 20 })
      .completed({ kind: 'stopped', key: 'g!stop', at: T0 + 20 })
      .done('pay!compensate', 20, 30)
      .ended(30, 'failed')
    expect(timelineOf(story.history, NOW).operations.map(({ key, kind }) => [key, kind])).toEqual([
      ['pay', 'step'],
      ['pay', 'compensation'],
    ])
  })

  it('of a retried run is shown as it stands: what was done anew at its new time, what was dropped not at all', () => {
    const story = new Story({ base: 3, earlier: [0], dropped: [[3, 3]] })
      .done('a', 0, 10)
      .failed('b', 10, 20)
      .done('c', 20, 25)
      .done('a', 0, 10)
      .done('b', 1000, 1010, 2)
      .ended(1010)
    const timeline = timelineOf(story.history, NOW)
    expect(timeline.operations.map(({ key, state }) => [key, state])).toEqual([
      ['a', 'done'],
      ['b', 'done'],
    ])
    expect(phases(operation(timeline, 'b'))).toBe('running 10-20, backing-off 20-1000, running 1000-1010')
  })
})

describe('a group on the timeline', () => {
  it('has its limit, the most that were under way, and how full its places were', () => {
    const story = new Story()
      .group('g', 0, 100, { limit: 2, size: 3, members: ['a', 'b', 'c'] })
      .done('a', 0, 50)
      .done('b', 0, 100)
      .done('c', 50, 75)
      .ended(100)
    const [group] = timelineOf(story.history, NOW).groups
    expect(group).toMatchObject({ key: 'g', kind: 'parallel', limit: 2, size: 3, most: 2, full: 0.875 })
  })

  it('of functions has what their keys say; one in another is in its branch', () => {
    const story = new Story()
      .group('g', 0, 60, { limit: 1, size: 2 })
      .done('g/0/a', 0, 10)
      .done('g/0/b', 10, 30)
      .group('g/1/h', 30, 60, { size: 2, members: ['g/1/x', 'g/1/y'] })
      .done('g/1/x', 30, 40)
      .done('g/1/y', 30, 60)
      .ended(60)
    const timeline = timelineOf(story.history, NOW)
    expect(operation(timeline, 'g/0/b')).toMatchObject({ name: 'b', group: 'g', branch: 0 })
    expect(operation(timeline, 'g/1/x')).toMatchObject({ group: 'g/1/h', branch: 0 })
    expect(timeline.groups.map(({ key, group, most, full }) => [key, group, most, full])).toEqual([
      ['g', undefined, 1, 1],
      ['g/1/h', 'g', 2, 40 / 60],
    ])
    expect(pathOf(timeline)).toBe('g/0/a 0-10, g/0/b 10-30, g/1/y 30-60')
  })
})

describe('the critical path', () => {
  it('goes back from the end, each time to what finished last before, and is whole', () => {
    const story = new Story()
      .done('plan', 2, 10)
      .group('g', 10, 60, { members: ['a', 'b'] })
      .done('a', 10, 30)
      .done('b', 10, 60)
      .done('report', 62, 70)
      .ended(71)
    expect(pathOf(timelineOf(story.history, NOW))).toBe(
      'code 0-2, plan 2-10, b 10-60, code 60-62, report 62-70, code 70-71',
    )
  })

  it('of a branch that waited for a place goes on in the branch that had it', () => {
    const story = new Story()
      .group('g', 0, 90, { limit: 2, size: 3 })
      .done('g/0/a', 0, 40)
      .done('g/1/a', 0, 70)
      .done('g/2/a', 41, 50)
      .done('g/2/b', 50, 90)
      .ended(90)
    expect(pathOf(timelineOf(story.history, NOW))).toBe(
      'g/0/a 0-40, g/2/a queued 40-41, g/2/a 41-50, g/2/b 50-90',
    )
  })

  it('does not go through what a group gave up', () => {
    const story = new Story()
      .group('g', 0, 41, { kind: 'race', members: ['slow', 'fast'] })
      .note('slow', 'started', 0)
      .note('slow', 'cancelled', 41)
      .done('fast', 0, 40)
      .ended(41)
    expect(pathOf(timelineOf(story.history, NOW))).toBe('fast 0-40, code 40-41')
  })

  it('of a run under way ends with what has run longest', () => {
    const story = new Story().done('a', 0, 10).note('b', 'started', 10).note('c', 'started', 500)
    expect(pathOf(timelineOf(story.history, T0 + 1000))).toBe('a 0-10, b 10-1000')
  })
})

describe('the totals', () => {
  it('are wall time, work, speed-up, and the time that no limit would have cost', () => {
    const story = new Story()
      .done('plan', 0, 20)
      .group('g', 20, 80, { limit: 1, members: ['a', 'b', 'c'] })
      .done('a', 20, 40)
      .done('b', 40, 60)
      .done('c', 60, 80)
      .done('report', 85, 95)
      .ended(100)
    expect(timelineOf(story.history, NOW).totals).toEqual({
      wall: 100,
      work: 90,
      speedUp: 0.9,
      unlimited: 60,
    })
  })

  it('without a limit lose nothing to one', () => {
    const story = new Story()
      .group('g', 0, 30, { members: ['a', 'b'] })
      .done('a', 0, 10)
      .done('b', 0, 30)
      .ended(35)
    expect(timelineOf(story.history, NOW).totals).toMatchObject({ wall: 35, unlimited: 35 })
  })
})

describe('advice', () => {
  const kinds = (story: Story): (readonly [string, string | undefined, number])[] =>
    timelineOf(story.history, NOW).advice.map(({ kind, key, cost }) => [kind, key, cost])

  it('names what a limit cost, and how many places would have been enough', () => {
    const story = new Story().group('g', 0, 4000, { limit: 1, members: ['a', 'b', 'c', 'd'] })
    for (const [at, key] of ['a', 'b', 'c', 'd'].entries()) story.done(key, at * 1000, (at + 1) * 1000)
    const { advice } = timelineOf(story.ended(4000).history, NOW)
    expect(advice[0]?.text).toBe(
      '`concurrency: 1` of `g` cost 3.0 s of 4.0 s; 4 would have been enough, if what it calls can take as many at once.',
    )
    expect(advice[0]).toMatchObject({ kind: 'limit', key: 'g', cost: 3000 })
  })

  it('names the step that is most of the time, also one that runs many times', () => {
    expect(kinds(new Story().done('a', 0, 300).done('rerank', 300, 1000).ended(1000))).toEqual([
      ['step', 'rerank', 700],
    ])
    const story = new Story().done('page', 0, 400).done('page#2', 400, 900).ended(1000)
    expect(timelineOf(story.history, NOW).advice[0]?.text).toBe(
      '90% of the time is `page`, 2 times one after another: 900 ms of 1.0 s.',
    )
  })

  it('names steps that ran one after another', () => {
    const story = new Story().done('a', 0, 300).done('b', 300, 600).done('c', 600, 950).ended(1000)
    expect(kinds(story)).toEqual([['sequence', undefined, 950]])
  })

  it('names what failed attempts and waiting took', () => {
    const retried = new Story().failed('a', 0, 100, { retryAt: 400 }).done('a', 400, 420, 2).ended(900)
    expect(kinds(retried)).toEqual([['retries', 'a', 400]])
    const waited = new Story()
      .note('nap', 'due', 0, { due: T0 + 600 })
      .completed({ kind: 'timer-fired', key: 'nap', at: T0 + 600 })
      .ended(1000)
    expect(kinds(waited)).toEqual([['waiting', 'nap', 600]])
  })

  it('is not given where there is little to gain', () => {
    expect(kinds(new Story().done('a', 0, 50).ended(60))).toEqual([])
    expect(kinds(new Story().done('a', 0, 400).done('b', 400, 800).ended(900))).toEqual([])
  })
})
