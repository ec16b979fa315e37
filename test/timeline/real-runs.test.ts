import { parallel, race, step, timelineOf, workflow, type Operation, type Timeline } from 'ai-workflows'
import { VirtualClock } from 'ai-workflows/testing'
import { describe, expect, test } from 'vitest'
import { PLACES, sandbox, type Place, type Sandbox } from '../spec/support/sandbox.ts'
import { ShopFloor } from './support/shop-floor.ts'

const START = Date.UTC(2030, 0, 1)

async function boxIn(place: Place) {
  const clock = new VirtualClock(START)
  const box = await sandbox(place, { clock })
  const floor = new ShopFloor(clock)
  const job = (name: string, milliseconds: number): Operation<void> =>
    step(name, ({ signal }) => floor.work(name, milliseconds, signal))
  return { box, clock, floor, job }
}

async function drawn({ engine }: Sandbox, clock: VirtualClock, id = 'r'): Promise<Timeline> {
  const details = await engine.inspect(id)
  return timelineOf(details, clock.now(), { interrupted: !(await engine.isRunning(details.record)) })
}

/** `key state: phase from-until, …`, from the beginning of the run. */
function told({ operations, run }: Timeline): string[] {
  const at = (time: number | undefined): number | string => (time === undefined ? '' : time - run.from)
  return operations.map(
    ({ key, state, spans }) =>
      `${key} ${state}: ${spans.map(({ phase, from, until }) => `${phase} ${at(from)}-${at(until)}`).join(', ')}`,
  )
}

function path({ criticalPath, run }: Timeline): string[] {
  return criticalPath.map(
    ({ key, phase, from, until }) => `${key ?? '·'} ${phase} ${from - run.from}-${until - run.from}`,
  )
}

describe.for(PLACES)('the timeline of a real run, in %s', (place) => {
  test('shows members of a limited group queue for places, and the chain that decided', async () => {
    const { box, clock, floor, job } = await boxIn(place)
    const flow = workflow({
      name: 'w',
      execute: async () => {
        await job('first', 100)
        const names = ['a', 'b', 'c', 'd', 'e']
        await parallel(
          names.map((name, index) => job(name, [300, 200, 200, 100, 400][index] ?? 0)),
          { concurrency: 2, name: 'fetch' },
        )
        await job('last', 50)
      },
    })
    const run = await flow.start(undefined, { engine: box.engine, id: 'r' })
    await floor.pass('first', 'a b', 'a c', 'c d', 'e', 'last')
    await run.result()
    const timeline = await drawn(box, clock)
    expect(told(timeline)).toEqual([
      'first done: running 0-100',
      'a done: running 100-400',
      'b done: running 100-300',
      'c done: queued 100-300, running 300-500',
      'd done: queued 100-400, running 400-500',
      'e done: queued 100-500, running 500-900',
      'last done: running 900-950',
    ])
    expect(path(timeline)).toEqual([
      'first running 0-100',
      'b running 100-300',
      'c running 300-500',
      'e running 500-900',
      'last running 900-950',
    ])
    expect(timeline.groups).toEqual([
      {
        key: 'fetch',
        name: 'fetch',
        kind: 'parallel',
        group: undefined,
        limit: 2,
        size: 5,
        from: START + 100,
        until: START + 900,
        most: 2,
        full: 1200 / 1600,
        critical: true,
      },
    ])
    expect(timeline.totals).toEqual({ wall: 950, work: 1350, speedUp: 1350 / 950, unlimited: 550 })
    expect(timeline.advice[0]?.text).toBe(
      '`concurrency: 2` of `fetch` cost 400 ms of 950 ms; 5 would have been enough, if what it calls can take as many at once.',
    )
  })

  test('shows function branches with what is in them', async () => {
    const { box, clock, floor, job } = await boxIn(place)
    const branch = (long: number) => async () => {
      await job('read', 10)
      await parallel([job('x', long), job('y', 20)])
      await job('write', 10)
    }
    const flow = workflow({
      name: 'w',
      execute: () => parallel({ left: branch(100), right: branch(60) }, { concurrency: 1 }),
    })
    const run = await flow.start(undefined, { engine: box.engine, id: 'r' })
    await floor.pass('read', 'x y', 'x', 'write', 'read', 'x y', 'x', 'write')
    await run.result()
    const timeline = await drawn(box, clock)
    expect(timeline.operations.map(({ key, group, branch }) => [key, group, branch])).toEqual([
      ['parallel/left/read', 'parallel', 'left'],
      ['parallel/left/x', 'parallel/left/parallel', 0],
      ['parallel/left/y', 'parallel/left/parallel', 1],
      ['parallel/left/write', 'parallel', 'left'],
      ['parallel/right/read', 'parallel', 'right'],
      ['parallel/right/x', 'parallel/right/parallel', 0],
      ['parallel/right/y', 'parallel/right/parallel', 1],
      ['parallel/right/write', 'parallel', 'right'],
    ])
    expect(path(timeline)).toEqual([
      'parallel/left/read running 0-10',
      'parallel/left/x running 10-110',
      'parallel/left/write running 110-120',
      'parallel/right/read running 120-130',
      'parallel/right/x running 130-190',
      'parallel/right/write running 190-200',
    ])
    expect(timeline.groups.map(({ key, group, most }) => [key, group, most])).toEqual([
      ['parallel', undefined, 1],
      ['parallel/left/parallel', 'parallel', 2],
      ['parallel/right/parallel', 'parallel', 2],
    ])
    expect(timeline.totals).toMatchObject({ wall: 200, unlimited: 120 })
  })

  test('shows what lost a race as given up, and what won it as critical', async () => {
    const { box, clock, floor, job } = await boxIn(place)
    const flow = workflow({
      name: 'w',
      execute: async () => {
        await race([job('fast', 200), job('slow', 900)])
        await job('after', 10)
      },
    })
    const run = await flow.start(undefined, { engine: box.engine, id: 'r' })
    await floor.pass('fast slow', 'after')
    await run.result()
    const timeline = await drawn(box, clock)
    expect(told(timeline)).toEqual([
      'fast done: running 0-200',
      'slow cancelled: running 0-200',
      'after done: running 200-210',
    ])
    expect(path(timeline)).toEqual(['fast running 0-200', 'after running 200-210'])
  })

  test('shows a group whose time was up', async () => {
    const { box, clock, floor, job } = await boxIn(place)
    const flow = workflow({
      name: 'w',
      execute: async () => {
        await parallel([job('quick', 20), job('slow', 900)], { timeout: 300, timeoutValue: 'partial' })
        await job('after', 10)
      },
    })
    const run = await flow.start(undefined, { engine: box.engine, id: 'r' })
    await floor.pass('quick slow')
    await floor.busy('slow')
    clock.advance(280)
    await floor.pass('after')
    await run.result()
    const timeline = await drawn(box, clock)
    expect(told(timeline)).toEqual([
      'quick done: running 0-20',
      'slow cancelled: running 0-300',
      'after done: running 300-310',
    ])
    expect(path(timeline)).toEqual(['slow running 0-300', 'after running 300-310'])
  })

  test('shows attempts and the waits between them', async () => {
    const { box, clock, floor } = await boxIn(place)
    const flow = workflow({
      name: 'w',
      execute: () =>
        step(
          'pay',
          async ({ attempt }) => {
            await floor.work('pay', 100)
            if (attempt < 3) throw new Error('busy')
          },
          { retry: { maxAttempts: 3, backoff: 'fixed', initialDelay: 500, jitter: false } },
        ),
    })
    const run = await flow.start(undefined, { engine: box.engine, id: 'r' })
    for (const _ of [1, 2]) {
      await floor.pass('pay')
      await box.engine.idle()
      clock.advance(500)
    }
    await floor.pass('pay')
    await run.result()
    const timeline = await drawn(box, clock)
    expect(told(timeline)).toEqual([
      'pay done: running 0-100, backing-off 100-600, running 600-700, backing-off 700-1200, running 1200-1300',
    ])
    expect(timeline.advice.map(({ kind, cost }) => [kind, cost])).toEqual([['retries', 1200]])
  })

  test('shows sleeps, events and children wait', async () => {
    const { box, clock, floor, job } = await boxIn(place)
    const child = workflow({ name: 'child', execute: () => job('inside', 400) })
    const flow = workflow({
      name: 'w',
      execute: async (ctx) => {
        await ctx.sleep(1000)
        await ctx.invoke(child, undefined)
        return await ctx.waitForEvent('go')
      },
    })
    const run = await flow.start(undefined, { engine: box.engine, id: 'r' })
    await box.engine.idle()
    clock.advance(1000)
    await floor.pass('inside')
    await box.engine.idle()
    expect(path(await drawn(box, clock))).toEqual(['sleep waiting 0-1000', 'child waiting 1000-1400'])
    clock.advance(3000)
    await run.signal('go', 1)
    await run.result()
    const timeline = await drawn(box, clock)
    expect(told(timeline)).toEqual([
      'sleep done: waiting 0-1000',
      'child done: waiting 1000-1400',
      'event:go done: waiting 1400-4400',
    ])
    const [{ id } = { id: '' }] = await box.engine.list({ workflow: 'child' })
    expect(timeline.operations.map(({ kind, child }) => [kind, child])).toEqual([
      ['sleep', undefined],
      ['child', id],
      ['event', undefined],
    ])
    expect(timeline.totals).toMatchObject({ wall: 4400, work: 0, unlimited: 4400 })
  })

  test('shows what runs, and what waits for its turn', async () => {
    const { box, clock, floor, job } = await boxIn(place)
    const flow = workflow({
      name: 'w',
      execute: () => parallel([job('a', 1000), job('b', 1000), job('c', 1000)], { concurrency: 1 }),
    })
    const run = await flow.start(undefined, { engine: box.engine, id: 'r' })
    await floor.pass('a')
    await floor.busy('b')
    clock.advance(60)
    const timeline = await until(box, clock, (one) => one.operations[1]?.state === 'running')
    expect(told(timeline)).toEqual([
      'a done: running 0-1000',
      'b running: queued 0-1000, running 1000-',
      'c queued: queued 0-',
    ])
    expect(path(timeline)).toEqual(['a running 0-1000', 'b running 1000-1060'])
    await floor.pass('b', 'c')
    await run.result()
  })

  test('shows a step that failed, its siblings given up, and the compensation of what was done', async () => {
    const { box, clock, floor, job } = await boxIn(place)
    const flow = workflow({
      name: 'w',
      execute: async () => {
        await step('book', () => floor.work('book', 100), { compensate: () => floor.work('unbook', 30) })
        const bad = step('bad', async () => {
          await floor.work('bad', 200)
          throw new Error('no')
        })
        await parallel([bad, job('other', 900), job('never', 1)], { concurrency: 2 })
      },
    })
    const run = await flow.start(undefined, { engine: box.engine, id: 'r' })
    await floor.pass('book', 'bad other', 'unbook')
    await expect(run.result()).rejects.toThrow('no')
    const timeline = await drawn(box, clock)
    expect(told(timeline)).toEqual([
      'book done: running 0-100',
      'bad failed: running 100-300',
      'other cancelled: running 100-300',
      'never cancelled: queued 100-300',
      'book done: running 300-330',
    ])
    expect(path(timeline)).toEqual(['book running 0-100', 'bad running 100-300', 'book running 300-330'])
    expect(timeline.run.status).toBe('failed')
  })

  test('shows a retried run as it stands, and a fork with what it was given', async () => {
    const { box, clock, floor, job } = await boxIn(place)
    let broken = true
    const flow = workflow({
      name: 'w',
      execute: async () => {
        await parallel([job('a', 100), job('b', 200)])
        await step('c', async () => {
          await floor.work('c', 50)
          if (broken) throw new Error('broken')
        })
      },
    })
    const run = await flow.start(undefined, { engine: box.engine, id: 'r' })
    await floor.pass('a b', 'b', 'c')
    await expect(run.result()).rejects.toThrow('broken')
    clock.advance(10_000)
    broken = false
    await run.retry()
    await floor.pass('c')
    await run.result()
    const timeline = await drawn(box, clock)
    expect(told(timeline)).toEqual([
      'a done: running 0-100',
      'b done: running 0-200',
      'c done: running 10250-10300',
    ])
    expect(path(timeline)).toEqual([
      'b running 0-200',
      '· code 200-250', // the attempt at `c` that the retry did anew
      '· waiting 250-10250',
      'c running 10250-10300',
    ])
    await run.retry({ fromStep: 'c' })
    await floor.busy('c')
    expect(told(await drawn(box, clock)).slice(0, 2)).toEqual([
      'a done: running 0-100',
      'b done: running 0-200',
    ])
    await floor.pass('c')
    await run.result()

    clock.advance(1000)
    const fork = await run.fork({ fromStep: 'c', id: 'f' })
    await floor.pass('c')
    await fork.result()
    const forked = await drawn(box, clock, 'f')
    expect(told(forked)).toEqual(['a done: running 0-0', 'b done: running 0-0', 'c done: running 0-50'])
    expect(forked.totals).toMatchObject({ wall: 50, work: 50 })
  })

  test('shows a run that was left behind, and what happened once it was taken up', async () => {
    const { box, clock, floor, job } = await boxIn(place)
    const flow = workflow({
      name: 'w',
      execute: async () => {
        await job('a', 100)
        await parallel([job('b', 500), job('c', 30)])
      },
    })
    await flow.start(undefined, { engine: box.engine, id: 'r' })
    await floor.pass('a', 'b c')
    await floor.busy('b')
    clock.advance(60)
    await until(box, clock, (one) =>
      one.operations.some(({ key, attempts }) => key === 'b' && attempts === 1),
    )
    const engine = await box.restart()
    clock.advance(5000)
    const left = await drawn(box, clock)
    expect(left.run.status).toBe('interrupted')
    expect(left.operations.find(({ key }) => key === 'b')).toMatchObject({
      state: 'interrupted',
      until: undefined,
    })
    await floor.busy('')
    const [run] = await engine.resume([flow])
    await floor.pass('b')
    await run?.result()
    const timeline = await drawn(box, clock)
    const b = timeline.operations.find(({ key }) => key === 'b')
    expect(b).toMatchObject({ state: 'done', attempts: 2 })
    expect(b?.spans.map(({ phase }) => phase)).toEqual(['running', 'waiting', 'running'])
    expect(timeline.criticalPath.at(-1)).toMatchObject({ key: 'b', phase: 'running' })
  })
})

/** Notes are written when it is convenient. */
async function until(
  box: Sandbox,
  clock: VirtualClock,
  is: (timeline: Timeline) => boolean,
): Promise<Timeline> {
  for (;;) {
    const timeline = await drawn(box, clock)
    if (is(timeline)) return timeline
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
  }
}
