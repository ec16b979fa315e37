import { any, parallel, race, step, workflow, type Note } from 'ai-workflows'
import { VirtualClock } from 'ai-workflows/testing'
import { describe, expect, test } from 'vitest'
import { decodeShape } from '../../src/core/group-shape.ts'
import { gate, quiet } from '../spec/support/gate.ts'
import { PLACES, sandbox, type Sandbox } from '../spec/support/sandbox.ts'

const START = 1_000_000

async function notesOf({ engine }: Sandbox, id: string, kind: Note['kind'] = 'group'): Promise<Note[]> {
  return (await engine.inspect(id)).notes.filter((note) => note.kind === kind)
}

/** What has been noted of the run, once there is as much of it. */
async function noted(box: Sandbox, id: string, size: number, kind?: Note['kind']): Promise<Note[]> {
  for (;;) {
    const notes = await notesOf(box, id, kind)
    if (notes.length >= size) return notes
    await quiet(1)
  }
}

/** Key, begin and end, what it is made of. */
function told(notes: readonly Note[]): unknown[] {
  return notes.map(({ key, at, due, detail }) => [
    key,
    at - START,
    due === 0 ? 0 : due - START,
    detail === undefined ? undefined : decodeShape(detail),
  ])
}

describe.for(PLACES)('what a journal tells of groups, in %s', (place) => {
  test('kind, limit, size and members, when it began and when it had its outcome, in one note for a short one', async () => {
    const box = await sandbox(place, { clock: new VirtualClock(START) })
    const flow = workflow({
      name: 'w',
      execute: async () => {
        await parallel([step('a', () => 1), step('b', () => 2), () => step('c', () => 3)], { concurrency: 2 })
        await race({ x: step('x', () => 1), y: () => 2 }, { name: 'fastest' })
        await any([() => step('d', () => 4)])
        await parallel([])
      },
    })
    await flow.run(undefined, { engine: box.engine, id: 'r' })
    expect(told(await notesOf(box, 'r'))).toEqual([
      ['parallel', 0, 0, { kind: 'parallel', limit: 2, size: 3, members: ['a', 'b', ''] }],
      ['fastest', 0, 0, { kind: 'race', limit: undefined, size: 2, members: ['x', ''] }],
      ['any', 0, 0, { kind: 'any', limit: undefined, size: 1, members: undefined }],
    ])
  })

  test('a long one is noted while it runs, and its end when it ends', async () => {
    const clock = new VirtualClock(START)
    const box = await sandbox(place, { clock })
    const held = gate()
    const flow = workflow({ name: 'w', execute: () => parallel([step('a', () => held.pass())]) })
    const run = await flow.start(undefined, { engine: box.engine, id: 'r' })
    await held.reached
    clock.advance(60)
    const shape = { kind: 'parallel', limit: undefined, size: 1, members: ['a'] }
    expect(told(await noted(box, 'r', 1))).toEqual([['parallel', 0, 0, shape]])
    clock.advance(40)
    held.open()
    await run.result()
    expect(told(await notesOf(box, 'r'))).toEqual([
      ['parallel', 0, 0, shape],
      ['parallel', 0, 100, undefined],
    ])
  })

  test('a replay notes nothing twice, and what no process lived to note as it was when the journal says it was', async () => {
    const clock = new VirtualClock(START)
    const box = await sandbox(place, { clock })
    const held = gate()
    const flow = workflow({
      name: 'w',
      execute: async () => {
        await parallel([step('a', () => 1)], { name: 'first' })
        await parallel([step('b', () => 2)], { name: 'second' })
        await parallel([step('c', () => held.pass())], { name: 'third' })
      },
    })
    await flow.start(undefined, { engine: box.engine, id: 'r' })
    await held.reached
    clock.advance(60)
    const before = await noted(box, 'r', 3)
    expect(before.map(({ key }) => key)).toEqual(['first', 'second', 'third'])
    clock.advance(1000)
    const later = await box.restart()
    held.open()
    await flow.run(undefined, { engine: later, id: 'r' })
    expect(told(await notesOf(box, 'r'))).toEqual([...told(before), ['third', 0, 1060, undefined]])
  })

  test('a step that was noted as begun is noted as given up; one that had just begun is not; nor one that its process left', async () => {
    const clock = new VirtualClock(START)
    const box = await sandbox(place, { clock })
    const [long, winner, left] = [gate(), gate(), gate()]
    const flow = workflow({
      name: 'w',
      execute: async () => {
        await race([step('long', () => long.pass()), step('winner', () => winner.pass())])
        await race([step('new', () => new Promise<void>(() => undefined)), step('now', () => undefined)])
        await step('left', () => left.pass())
      },
    })
    await flow.start(undefined, { engine: box.engine, id: 'r' })
    await long.reached
    clock.advance(60)
    await noted(box, 'r', 2, 'started')
    clock.advance(15)
    winner.open()
    await left.reached
    clock.advance(60)
    await noted(box, 'r', 3, 'started')
    await box.restart()
    expect(await notesOf(box, 'r', 'cancelled')).toEqual([
      { key: 'long', at: START + 75, kind: 'cancelled', attempt: 1, due: 0 },
    ])
  })
})
