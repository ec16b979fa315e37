/** What `bench/dag` rests on: the graphs, the schedulers, and that the checks notice a schedule that is wrong. */
import { createEngine, memoryStore, type Operation, parallel, step, workflow } from 'ai-workflows'
import * as fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Graph, graphOf, inOrder, lowerBound, parseRecording, shapeOf } from '../../bench/dag/graph.ts'
import { inMemory } from '../../bench/dag/in-memory.ts'
import { madeUp } from '../../bench/dag/made-up.ts'
import { checkJournal } from '../../bench/dag/measure.ts'
import { OnDisk } from '../../bench/dag/on-disk.ts'
import { type Perform, Watched } from '../../bench/dag/watched.ts'
import { type Style, styles, workflowOf } from '../../bench/dag/workflows.ts'

const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

/** As many turns of the event loop as the task has milliseconds. */
const turns = async (ms: number): Promise<void> => {
  for (let turn = 0; turn < ms; turn++) await nextTurn()
}

const diamond: Graph = {
  name: 'diamond',
  tasks: [
    { id: 'top', ms: 2, needs: [] },
    { id: 'left', ms: 3, needs: ['top'] },
    { id: 'right', ms: 5, needs: ['top'] },
    { id: 'bottom', ms: 1, needs: ['left', 'right'] },
    { id: 'other', ms: 4, needs: [] },
  ],
}

const graphs: fc.Arbitrary<Graph> = fc
  .array(fc.record({ ms: fc.nat(4), needs: fc.array(fc.nat(19), { maxLength: 3 }) }), {
    minLength: 1,
    maxLength: 20,
    size: 'max',
  })
  .map((tasks) => ({
    name: 'random',
    tasks: tasks.map(({ ms, needs }, index) => ({
      id: `t${index}`,
      ms,
      needs: index === 0 ? [] : [...new Set(needs.map((need) => `t${need % index}`))],
    })),
  }))

describe('a recorded graph', () => {
  const tasks = [
    { id: 'b', seconds: 4, needs: ['a'] },
    { id: 'a', seconds: 2, needs: [] },
    { id: 'c', seconds: 1, needs: ['b', 'a'] },
  ]

  test('is scaled to its median, and put in order', () => {
    expect(graphOf({ name: 'g', tasks }, 5).tasks).toEqual([
      { id: 'a', ms: 5, needs: [] },
      { id: 'b', ms: 10, needs: ['a'] },
      { id: 'c', ms: 2.5, needs: ['b', 'a'] },
    ])
  })

  test('is read from the file of WfInstances too', () => {
    const specification = { tasks: tasks.map(({ id, needs }) => ({ id, parents: needs, children: [] })) }
    const execution = { tasks: tasks.map(({ id, seconds }) => ({ id, runtimeInSeconds: seconds })) }
    const file = JSON.stringify({ name: 'g', schemaVersion: '1.6', workflow: { specification, execution } })
    expect(parseRecording(file)).toEqual({ name: 'g', tasks })
    expect(parseRecording(JSON.stringify({ name: 'g', source: 'x', tasks }))).toEqual({ name: 'g', tasks })
  })

  test('that is not one is refused', () => {
    const task = { id: 'a', ms: 1, needs: [] }
    expect(() => parseRecording('{"name":"g","tasks":[{"id":"a","needs":[]}]}')).toThrow('seconds')
    const files = { specification: { tasks: [{ id: 'a', parents: [] }] }, execution: { tasks: [] } }
    expect(() => parseRecording(JSON.stringify({ name: 'g', workflow: files }))).toThrow('a took')
    expect(() => inOrder([task, task])).toThrow('two tasks')
    expect(() => inOrder([{ ...task, needs: ['b'] }])).toThrow('task a needs b, which is not there')
    expect(() =>
      inOrder([
        { ...task, needs: ['b'] },
        { id: 'b', ms: 1, needs: ['a'] },
      ]),
    ).toThrow('task a needs itself, by way of b')
  })

  test('has bounds that no schedule beats', () => {
    const shape = shapeOf(diamond)
    expect(shape).toEqual({ criticalPath: 8, work: 15, depth: 3 })
    expect(lowerBound(shape, 1)).toBe(15)
    expect(lowerBound(shape, 2)).toBe(8)
    expect(lowerBound(shape, Number.POSITIVE_INFINITY)).toBe(8)
  })

  test('need not be recorded', () => {
    expect(madeUp.map((one) => shapeOf(graphOf(one, 5)).depth)).toEqual([40, 11, 12])
  })
})

describe('the checks notice', () => {
  const watched = (): Watched => new Watched(diamond, 1, nextTurn)
  const [top, left] = diamond.tasks as [Graph['tasks'][number], Graph['tasks'][number]]

  test('a task that was not done', () => {
    expect(() => watched().check()).toThrow('diamond: top was not done; left was not done')
  })

  test('one that started twice', async () => {
    const one = watched()
    await one.perform(top, [])
    await one.perform(top, [])
    expect(() => one.check()).toThrow('top started twice')
  })

  test('one that started too early, or was given something else', async () => {
    const early = watched()
    await early.perform(left, [1])
    expect(() => early.check()).toThrow('left started before top was done')
    const wrong = watched()
    await wrong.perform(top, [])
    await wrong.perform(left, [7])
    expect(() => wrong.check()).toThrow('left was given 7 as the result of top, not 1')
  })

  test('too many at once', async () => {
    const one = watched()
    await Promise.all([one.perform(top, []), one.perform({ id: 'other', ms: 4, needs: [] }, [])])
    expect(() => one.check()).toThrow('2 tasks ran at once, where 1 may')
  })

  test('a journal that is not the graph', async () => {
    const engine = createEngine({ store: memoryStore() })
    onTestFinished(() => engine.stop())
    const flow = workflow({ name: 'less', execute: () => step('top', () => 1) })
    const run = await flow.start(undefined, { engine })
    await run.result()
    await expect(checkJournal(engine, run.id, diamond)).rejects.toThrow(
      '1 entries, which are not the 5 tasks',
    )
  })
})

describe('every scheduler does all tasks in order and under the limit', () => {
  const limits = fc.constantFrom(1, 2, 4, Number.POSITIVE_INFINITY)

  test('in memory, and on disk', async () => {
    const disk = new OnDisk()
    onTestFinished(() => disk.close())
    await fc.assert(
      fc.asyncProperty(graphs, limits, fc.boolean(), async (graph, limit, durable) => {
        const watched = new Watched(graph, limit, turns)
        const before = disk.results
        await inMemory(graph, limit, durable ? disk.recording(watched.perform) : watched.perform)
        watched.check()
        expect(disk.results - before).toBe(durable ? graph.tasks.length : 0)
      }),
      { numRuns: 60 },
    )
  })

  test.for(Object.keys(styles) as Style[])('as a workflow with %s', async (style) => {
    const engine = createEngine({ store: memoryStore() })
    onTestFinished(() => engine.stop())
    await fc.assert(
      fc.asyncProperty(graphs, limits, async (graph, limit) => {
        const watched = new Watched(graph, limit, turns)
        const flow = workflowOf({ graph, limit, perform: watched.perform }, style)
        const run = await flow.start(undefined, { engine })
        await run.result()
        watched.check()
        await checkJournal(engine, run.id, graph)
        expect(watched.most).toBeGreaterThan(0)
      }),
      { numRuns: 40 },
    )
  })
})

describe('what a limit counts', () => {
  const chainAndOne: Graph = {
    name: 'a chain of two, and one',
    tasks: [
      { id: 'first', ms: 1, needs: [] },
      { id: 'second', ms: 1, needs: ['first'] },
      { id: 'free', ms: 1, needs: [] },
    ],
  }

  test.for([
    ['branches', 'when the first is done: the second has had a place'],
    ['operations', 'at once'],
    ['promises', 'at once'],
    ['inside', 'at once'],
  ] as const)('two places, %s: the task that needs nothing begins %s', async ([style, when]) => {
    const events: string[] = []
    const watched = new Watched(chainAndOne, 2, turns)
    const engine = createEngine({ store: memoryStore() })
    onTestFinished(() => engine.stop())
    const perform: Perform = async (task, inputs) => {
      events.push(`${task.id} begins`)
      const result = await watched.perform(task, inputs)
      events.push(`${task.id} ends`)
      return result
    }
    await workflowOf({ graph: chainAndOne, limit: 2, perform }, style).run(undefined, { engine })
    watched.check()
    expect(events.indexOf('free begins') < events.indexOf('first ends')).toBe(when === 'at once')
  })

  test('M1: what is awaited begins outside of `concurrency`', async () => {
    let most = 0
    let running = 0
    const work = async (): Promise<void> => {
      most = Math.max(most, ++running)
      await turns(3)
      running--
    }
    const needed: Operation<void>[] = ['a', 'b', 'c'].map((name) => step(name, work))
    await parallel([async () => await Promise.all(needed), ...needed], { concurrency: 1 })
    expect(most).toBe(3)
  })
})
