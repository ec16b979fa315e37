/** What an engine tells those who listen (`docs/events-and-logs.md`). */
import {
  createEngine,
  memoryStore,
  parallel,
  race,
  type RunEvent,
  type RunEventKind,
  step,
  workflow,
} from 'ai-workflows'
import { describe, expect, onTestFinished, test } from 'vitest'
import { faultyStore } from '../attack/support/faulty-store.ts'
import { FakeClock } from '../spec/support/fake-clock.ts'
import { gate, quiet } from '../spec/support/gate.ts'
import { LogBook, PLACES, sandbox } from '../spec/support/sandbox.ts'

/** Without what every event of the run has. */
function brief(events: readonly RunEvent[]): object[] {
  return events.map(({ run: _run, workflow: _workflow, ...rest }) => rest)
}

/** `step.started a`. */
function lines(events: readonly RunEvent[]): string[] {
  return events.map((event) => ('key' in event ? `${event.kind} ${event.key}` : event.kind))
}

const counts = (total: number, completed: number, failed: number, running: number): object => ({
  total,
  completed,
  failed,
  running,
})

describe('what is told', () => {
  test('of a run with a group and a retry: everything, in order, with times by the engine’s clock', async () => {
    const clock = new FakeClock()
    const box = await sandbox('memory', { clock })
    const held = gate()
    const begin = clock.now()
    const flow = workflow({
      name: 'flow',
      execute: () =>
        parallel(
          [
            step('a/b', () => held.pass()),
            step('flaky', ({ attempt }) => (attempt === 1 ? Promise.reject(new TypeError('no')) : 1), {
              retry: { initialDelay: 100, jitter: false },
            }),
          ],
          { name: 'both', concurrency: 1 },
        ),
    })
    const run = await flow.start({}, { engine: box.engine, id: 'r' })
    await held.reached
    await clock.advance(30)
    held.open()
    await clock.armed(100)
    await clock.advance(100)
    await run.result()
    expect(box.events.every((event) => event.run === 'r' && event.workflow === 'flow')).toBe(true)
    const both = { key: 'both', name: 'both' }
    const ab = { key: 'a%2fb', name: 'a/b', attempt: 1 }
    const flaky = { key: 'flaky', name: 'flaky' }
    const [retried, end] = [begin + 30, begin + 130]
    expect(brief(box.events)).toEqual([
      { kind: 'run.started', at: begin, recordedSteps: 0 },
      { kind: 'group.started', at: begin, ...both, counts: counts(2, 0, 0, 0) },
      { kind: 'step.started', at: begin, ...ab },
      { kind: 'group.progress', at: begin, ...both, counts: counts(2, 0, 0, 1) },
      { kind: 'step.completed', at: retried, ...ab, duration: 30 },
      { kind: 'step.started', at: retried, ...flaky, attempt: 1 },
      { kind: 'group.progress', at: retried, ...both, counts: counts(2, 1, 0, 1) },
      {
        kind: 'step.retrying',
        at: retried,
        ...flaky,
        attempt: 1,
        duration: 0,
        error: expect.objectContaining({ name: 'TypeError', message: 'no' }),
        retryAt: end,
      },
      { kind: 'step.started', at: end, ...flaky, attempt: 2 },
      { kind: 'step.completed', at: end, ...flaky, attempt: 2, duration: 0 },
      { kind: 'group.progress', at: end, ...both, counts: counts(2, 2, 0, 0) },
      { kind: 'group.ended', at: end, ...both, counts: counts(2, 2, 0, 0), duration: 130 },
      { kind: 'run.completed', at: end, duration: 130 },
    ])
  })

  test('of a failure: what the function threw, and what the run failed with; what was given up has an end too', async () => {
    const box = await sandbox()
    const error = new RangeError('too much')
    const flow = workflow({
      execute: () =>
        parallel([
          step('fails', () => Promise.reject(error)),
          step('slow', () => new Promise(() => undefined)),
        ]),
    })
    await flow.run({}, { engine: box.engine, id: 'r' }).catch(() => undefined)
    expect(box.events.at(-1)).toMatchObject({
      kind: 'run.failed',
      workflow: undefined,
      error: { code: 'STEP_FAILED', cause: { message: 'too much' } },
    })
    const { error: told } = box.events.find((event) => event.kind === 'step.failed') ?? expect.unreachable()
    expect(told).toEqual(error)
    expect(told).toBeInstanceOf(RangeError)
    expect(box.events.find(({ kind }) => kind === 'step.cancelled')).toMatchObject({
      key: 'slow',
      attempt: 1,
      reason: { code: 'CANCELLED', kind: 'sibling-failed', by: 'fails' },
    })
    expect(box.events.find(({ kind }) => kind === 'group.ended')).toMatchObject({
      counts: counts(2, 0, 1, 1),
    })
  })

  test('of a cancelled run, a blocked one, and one that waits', async () => {
    const clock = new FakeClock()
    const box = await sandbox('memory', { clock, parkAfter: 0 })
    let changed = false
    const flow = workflow({
      name: 'flow',
      execute: async (ctx) => {
        await step(changed ? 'other' : 'first', () => 1)
        await ctx.sleep('1h')
      },
    })
    const begin = clock.now()
    const waiting = new Promise<RunEvent<'run.waiting'>>((resolve) => box.engine.on('run.waiting', resolve))
    const run = await flow.start({}, { engine: box.engine, id: 'r' })
    await quiet()
    while (!box.events.some(({ kind }) => kind === 'run.waiting')) await clock.advance(1000)
    expect(await waiting).toMatchObject({ run: 'r', workflow: 'flow', wakeAt: begin + 3_600_000 })
    changed = true
    await run.cancel('enough')
    while (!box.events.some(({ kind }) => kind === 'run.blocked')) await clock.advance(1000)
    expect(box.events.at(-1)).toMatchObject({ kind: 'run.blocked', error: { code: 'NON_DETERMINISM' } })
    await box.engine.find('r').cancel('enough')
    expect(box.events.at(-1)).toMatchObject({
      kind: 'run.cancelled',
      workflow: 'flow',
      error: { code: 'CANCELLED', kind: 'run-cancelled', cause: 'enough' },
      duration: clock.now() - begin,
    })
  })

  test('of children: their own events, under their own ids; of compensations: what they undo', async () => {
    const { engine, events } = await sandbox()
    const child = workflow({ name: 'child', execute: () => step('inside', () => 1) })
    const flow = workflow({
      name: 'flow',
      execute: async (ctx) => {
        await step('book #1', () => 1, { compensate: () => undefined })
        await ctx.invoke(child, {})
        throw new Error('undo')
      },
    })
    await flow.run({}, { engine, id: 'r' }).catch(() => undefined)
    expect(
      events.filter(({ run }) => run === 'r/child').map(({ kind, workflow }) => [kind, workflow]),
    ).toEqual(
      ['run.started', 'step.started', 'step.completed', 'run.completed'].map((kind) => [kind, 'child']),
    )
    const names = events.flatMap((event) => (event.kind === 'step.completed' ? [event.name] : []))
    expect(names).toEqual(['book #1', 'inside', 'compensation of book #1'])
  })

  test('nothing of a group without branches, nor of one that is cancelled before it begins', async () => {
    const { engine, events } = await sandbox()
    const flow = workflow({
      execute: async () => {
        await parallel([], { name: 'empty' })
        const inner = parallel([step('inner', () => 1)], { name: 'never' })
        await race([step('wins', () => 1), step('loses', () => new Promise(() => undefined))])
        await parallel([step('a', () => Promise.reject(new Error('no'))), inner], { concurrency: 1 }).catch(
          () => undefined,
        )
      },
    })
    await flow.run({}, { engine })
    const groups = events.flatMap((event) =>
      event.kind.startsWith('group.') && 'key' in event ? event.key : [],
    )
    expect(new Set(groups)).toEqual(new Set(['race', 'parallel']))
  })
})

describe('D3: an outcome is told when it is recorded', () => {
  test('not before its commit', async () => {
    const faults = faultyStore(memoryStore())
    const engine = createEngine({ store: faults.store, log: new LogBook() })
    onTestFinished(() => engine.stop({ grace: 0 }))
    const told: string[] = []
    engine.on('*', ({ kind }) => told.push(kind))
    const flow = workflow({ execute: () => step('a', () => 1) })
    const release = faults.hold('commit')
    const result = flow.run({}, { engine })
    await faults.held()
    await quiet()
    expect(told).toEqual(['run.started', 'step.started'])
    release()
    expect(await result).toBe(1)
    expect(told).toEqual(['run.started', 'step.started', 'step.completed', 'run.completed'])
  })

  test('never, if it is refused: the run is not over', async () => {
    const faults = faultyStore(memoryStore())
    const engine = createEngine({ store: faults.store, log: new LogBook() })
    onTestFinished(() => engine.stop({ grace: 0 }))
    const told: string[] = []
    engine.on('*', ({ kind }) => told.push(kind))
    faults.fail('commit', { problem: 'io' })
    const flow = workflow({ execute: () => step('a', () => 1) })
    await expect(flow.run({}, { engine })).rejects.toMatchObject({ code: 'STORE' })
    expect(told).toEqual(['run.started', 'step.started'])
  })
})

describe.each(PLACES)('D4: a replay, on %s,', (place) => {
  test('tells nothing again, and once how far each group is that is under way', async () => {
    const box = await sandbox(place)
    const held = gate()
    const flow = workflow({
      name: 'flow',
      execute: async () => {
        await parallel([step('a', () => 1)], { name: 'over' })
        await parallel(
          [step('b', () => 1), step('c', () => 1), step('d', () => held.pass()), step('e', () => 1)],
          { name: 'open' },
        )
      },
    })
    await flow.start({}, { engine: box.engine, id: 'r' })
    await held.reached
    await quiet()
    expect(lines(box.events)).toContain('group.ended over')
    const before = box.events.length
    await box.restart()
    const interrupted = box.events.slice(before)
    expect(interrupted).toMatchObject([
      { kind: 'step.cancelled', key: 'd', reason: { kind: 'engine-stopping' } },
    ])
    const run = await flow.start({}, { engine: box.engine, id: 'r' })
    await quiet()
    const again = box.events.slice(before + 1)
    expect(lines(again)).toEqual(['run.started', 'group.progress open', 'step.started d'])
    expect(again[0]).toMatchObject({ recordedSteps: 4 })
    expect(again[1]).toMatchObject({ counts: counts(4, 3, 0, 1) })
    expect(again[2]).toMatchObject({ attempt: 2 })
    held.open()
    await run.result()
    expect(lines(box.events.slice(before + 4))).toEqual([
      'step.completed d',
      'group.progress open',
      'group.ended open',
      'run.completed',
    ])
  })

  test('a group that began before a crash ends after it with its whole duration', async () => {
    const clock = new FakeClock()
    const box = await sandbox(place, { clock })
    const [first, held] = [gate(), gate()]
    const flow = workflow({
      name: 'flow',
      execute: () =>
        parallel([
          async () => {
            await step('a', () => first.pass())
            return await parallel([step('b', () => 1), step('c', () => held.pass())], { name: 'inner' })
          },
        ]),
    })
    await flow.start({}, { engine: box.engine, id: 'r' })
    await first.reached
    await clock.advance(40)
    first.open()
    await held.reached
    await quiet()
    await box.restart()
    await clock.advance(500)
    const run = await flow.start({}, { engine: box.engine, id: 'r' })
    await quiet()
    held.open()
    await run.result()
    const ends = box.events.filter((event) => event.kind === 'group.ended')
    expect(ends.map(({ key, duration }) => [key, duration])).toEqual([
      ['parallel/0/inner', 500],
      ['parallel', 540],
    ])
  })
})

test('each step.started has one end, whatever becomes of it', async () => {
  const box = await sandbox()
  const never = (): Promise<never> => new Promise(() => undefined)
  const flow = workflow({
    name: 'flow',
    execute: async (ctx) => {
      await race([step('quick', () => 1), step('slow', never)])
      await step('late', never, { timeout: 1, retry: { maxAttempts: 2, initialDelay: 0 } }).catch(
        () => undefined,
      )
      await parallel([step('bad', () => Promise.reject(new Error('no'))), step('good', () => 1)], {
        settle: true,
      })
      void step('floating', never).then(() => undefined)
      await ctx.waitForEvent('go')
    },
  })
  const run = await flow.start({}, { engine: box.engine })
  while (!box.events.some((event) => event.kind === 'step.started' && event.key === 'floating'))
    await quiet(1)
  await run.signal('go')
  await run.result()
  const open = new Map<string, number>()
  const ends: RunEventKind[] = ['step.completed', 'step.failed', 'step.retrying', 'step.cancelled']
  for (const event of box.events) {
    if (!('attempt' in event)) continue
    const id = `${event.key} ${event.attempt}`
    if (event.kind === 'step.started') open.set(id, 0)
    else if (ends.includes(event.kind)) open.set(id, (open.get(id) ?? Number.NaN) + 1)
  }
  expect([...open.keys()]).toEqual(['quick 1', 'slow 1', 'late 1', 'late 2', 'bad 1', 'good 1', 'floating 1'])
  expect(new Set(open.values())).toEqual(new Set([1]))
})
