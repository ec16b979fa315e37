/** Groups whose branches come from an iterable: they are known by their members as they come. */
import { parallel, step, timelineOf, workflow, type Operation } from 'ai-workflows'
import { VirtualClock } from 'ai-workflows/testing'
import { describe, expect, test } from 'vitest'
import { decodeShape, MOST_MEMBERS } from '../../src/core/group-shape.ts'
import type { DescribedGroup } from '../../src/core/ports/effects.ts'
import { GroupNotes } from '../../src/engine/group-notes.ts'
import { PLACES, sandbox, type Sandbox } from '../spec/support/sandbox.ts'
import { ShopFloor } from './support/shop-floor.ts'

describe.for(PLACES)('operations that an iterable gave, in %s', (place) => {
  test('are in their group, also those that came after a restart', async () => {
    const clock = new VirtualClock(Date.UTC(2030, 0, 1))
    const box = await sandbox(place, { clock })
    const floor = new ShopFloor(clock)
    const flow = workflow({
      name: 'w',
      execute: async () => {
        function* items(): Generator<Operation<void>> {
          for (const name of ['a', 'b', 'c', 'd', 'e'])
            yield step(name, ({ signal }) => floor.work(name, 100, signal))
        }
        await parallel(items(), { concurrency: 2, name: 'fetch' })
      },
    })
    const members = async ({ engine }: Sandbox): Promise<unknown[]> => {
      const timeline = timelineOf(await engine.inspect('r'), clock.now())
      return timeline.operations.map(({ key, group, branch }) => [key, group, branch])
    }
    await flow.start(undefined, { engine: box.engine, id: 'r' })
    await floor.pass('a b')
    await floor.busy('c d')
    clock.advance(60) // what has begun is noted
    const known = ['a', 'b', 'c', 'd'].map((name, index) => [name, 'fetch', index])
    await expect.poll(() => members(box), { interval: 0 }).toEqual(known)
    const engine = await box.restart()
    clock.advance(5000)
    await floor.busy('')
    const [run] = await engine.resume([flow])
    await floor.pass('c d', 'e')
    await run?.result()
    expect(await members(box)).toEqual([...known, ['e', 'fetch', 4]])
    const [group] = timelineOf(await engine.inspect('r'), clock.now()).groups
    expect(group).toMatchObject({ limit: 2, size: 5, most: 2 })
  })
})

describe('a group that grows', () => {
  /** One whose branches are operations, so many as it is told. */
  function growing(): DescribedGroup & { size: number } {
    return {
      key: 'g',
      grows: true,
      size: 0,
      get shape() {
        const members = Array.from({ length: this.size }, (_, index) => `s${index}`)
        return { kind: 'parallel' as const, limit: 2, size: this.size, members }
      },
    }
  }

  const membersOf = (notes: ReturnType<GroupNotes['take']>): (number | undefined)[] =>
    notes.map(({ detail }) => decodeShape(detail ?? '')?.members?.length)

  test('is noted now and then as it does, and whole at its end', () => {
    const group = growing()
    const notes = new GroupNotes(new Map())
    notes.began(group, 10)
    group.size = 2
    expect(membersOf(notes.take())).toEqual([2])
    let rows = 0
    for (group.size = 3; group.size < 10_000; group.size++) rows += notes.take().length
    expect(rows).toBeLessThan(30)
    notes.ended('g', 90)
    const last = notes.take()
    expect(last).toMatchObject([{ key: 'g', at: 10, due: 90 }])
    expect(membersOf(last)).toEqual([10_000])
  })

  test('is not noted again by an execution that replays it', () => {
    const group = growing()
    const first = new GroupNotes(new Map())
    first.began(group, 10)
    group.size = 5
    const [earlier] = first.take()
    const second = new GroupNotes(new Map(earlier === undefined ? [] : [['g', earlier]]))
    second.began(group, 500)
    expect(second.take()).toEqual([])
    group.size = 6
    second.ended('g', 600)
    expect(second.take()).toMatchObject([{ at: 10, due: 600 }])
  })

  test('has its size and no members when there are too many to write down', async () => {
    const box = await sandbox('memory')
    const flow = workflow({
      name: 'w',
      execute: async () => {
        function* items(): Generator<Operation<number>> {
          for (let n = 0; n <= MOST_MEMBERS; n++) yield step(`s${n}`, () => n)
        }
        await parallel(items(), { concurrency: 100 })
      },
    })
    await flow.run(undefined, { engine: box.engine, id: 'r' })
    const { notes } = await box.engine.inspect('r')
    const shape = decodeShape(notes.findLast(({ kind }) => kind === 'group')?.detail ?? '')
    expect(shape).toMatchObject({ size: MOST_MEMBERS + 1, members: undefined })
  })
})
