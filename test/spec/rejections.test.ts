/** E6: no rejection that the library causes ever reaches `unhandledRejection`. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { any, parallel, race, step, type StepContext, workflow } from 'ai-workflows'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { runInline } from '../../src/core/inline.ts'
import { FakeClock } from './support/fake-clock.ts'
import { aborted, gate, gates, quiet } from './support/gate.ts'
import { PLACES, sandbox, type Sandbox } from './support/sandbox.ts'

const unhandled: unknown[] = []
const note = (reason: unknown): void => void unhandled.push(reason)

beforeEach(() => {
  unhandled.length = 0
  process.on('unhandledRejection', note)
})

afterEach(async () => {
  await quiet()
  process.off('unhandledRejection', note)
  expect(unhandled).toEqual([])
})

const never = (): Promise<never> => new Promise(() => undefined)
const boom =
  (name = 'boom') =>
  (): Promise<never> =>
    Promise.reject(new Error(name))
/** Fails as soon as it is given up, and later once more. */
const failsWhenAborted = async ({ signal }: { signal: AbortSignal }): Promise<never> => {
  await aborted(signal)
  throw new Error('after the abort')
}

/** Scenes that work outside of a run and in one. Each ends by itself. */
const SCENES: Readonly<Record<string, () => Promise<unknown>>> = {
  'fail fast with several that fail, at once and later': async () => {
    const door = gates()
    const group = parallel([
      ...['a', 'b', 'c'].map((name) => step(name, () => door(name).pass())),
      step('aborted', failsWhenAborted),
      failsWhenAborted,
      async () => await step('in a function', failsWhenAborted),
    ]).catch(() => undefined)
    await Promise.all(['a', 'b', 'c'].map((name) => door(name).reached))
    for (const name of ['a', 'b', 'c']) door(name).fail(new Error(name))
    await group
  },
  'losers of a race that reject later': async () => {
    const late = gate()
    await race([
      step('late', () => late.pass()),
      () => late.promise,
      step('quick', () => late.reached),
      failsWhenAborted,
    ])
    late.fail(new Error('too late'))
  },
  'losers of any, and any that fails': async () => {
    await any([boom(), step('bad', boom()), () => 1, failsWhenAborted])
    await any([boom(), step('bad', boom())]).catch(() => undefined)
  },
  'failures under settle': async () => await parallel([boom(), step('bad', boom())], { settle: true }),
  'a then without a handler for rejections, left alone': async () => {
    void step('floating', boom()).then(() => 1)
    void step('finally', boom()).finally(() => undefined)
    void parallel([boom(), step('in a group', boom())]).then(() => 1)
    void race([boom()]).then(undefined, undefined)
    await quiet()
  },
  'an operation that fails for several who have gone': async () => {
    const door = gate()
    const shared = step('shared', () => door.pass())
    await Promise.race([shared.then(() => 1), shared.catch(() => 2), Promise.resolve('gone')])
    await race([shared, () => 'gone'])
    await door.reached
    door.fail(new Error('nobody is left'))
    await quiet()
  },
  'operations that are created and never started': async () => {
    step('never', boom())
    parallel([step('nor this', boom()), boom()])
    await quiet()
  },
  'an abort before and after the start': async () => {
    const controller = new AbortController()
    const running = gate()
    await parallel([boom(), step('bad', boom())], { signal: AbortSignal.abort() }).catch(() => undefined)
    const group = parallel(
      [step('running', (context: StepContext) => (running.open(), failsWhenAborted(context)))],
      {
        signal: controller.signal,
      },
    ).catch(() => undefined)
    await running.promise
    controller.abort()
    await group
  },
  'errors thrown by filters, progress and policies': async () => {
    await parallel([() => 1], {
      onProgress: () => {
        throw new Error('from onProgress')
      },
    })
    await step('policy', boom(), {
      retry: {
        retryIf: () => {
          throw new Error('from retryIf')
        },
      },
    }).catch(() => undefined)
  },
  'failures deep in groups in groups': async () => {
    await parallel([
      parallel([boom(), parallel([step('deep', boom()), failsWhenAborted])]),
      race([failsWhenAborted, never]),
    ]).catch(() => undefined)
  },
  'a limited group whose queue is dropped': async () => {
    await parallel([boom(), ...Array.from({ length: 100 }, (_, index) => step(`${index}`, boom()))], {
      concurrency: 1,
    }).catch(() => undefined)
  },
}

describe.each(Object.entries(SCENES))('E6: %s', (_, scene) => {
  test('outside of a run', async () => {
    await runInline({ log: { debug: noop, info: noop, warn: noop, error: noop } }, scene)
    expect(unhandled).toEqual([])
  })

  test.each(PLACES)('in a run on %s', async (place) => {
    const box = await sandbox(place)
    await workflow({ name: 'scene', execute: async () => void (await scene()) }).run(undefined, {
      engine: box.engine,
    })
    await quiet()
    expect(unhandled).toEqual([])
  })
})

function noop(): void {}

describe.each(PLACES)('E6 on %s: runs', (place) => {
  const waits = (running: { open: (value: undefined) => void }) =>
    workflow({
      name: 'waits',
      execute: async (ctx) => {
        running.open(undefined)
        const child = workflow({ name: 'child', execute: async () => await step('deep', failsWhenAborted) })
        await parallel([
          step('a', failsWhenAborted),
          failsWhenAborted,
          ctx.invoke(child, null),
          ctx.sleep('1h'),
          ctx.waitForEvent('never'),
          race([never, step('b', never)], { timeout: '1h' }),
          async () => await Promise.all([step('c', failsWhenAborted), step('d', never).then(() => 1)]),
        ])
      },
    })

  test('E6: a failing run whose result nobody asks for', async () => {
    const box = await sandbox(place)
    const ended = whenEnded(box)
    await workflow({ name: 'fails', execute: boom() }).start(undefined, { engine: box.engine })
    await ended
    await quiet()
    expect(box.log.messages('error')).toEqual([])
  })

  test('E6: a run that is cancelled while everything waits', async () => {
    const box = await sandbox(place)
    const running = gate<undefined>()
    const run = await waits(running).start(undefined, { engine: box.engine })
    await running.promise
    await quiet()
    await run.cancel(new Error('enough'))
    await expect(run.result()).rejects.toMatchObject({ code: 'CANCELLED' })
    await quiet()
  })

  test('E6: an engine that stops while everything waits', async () => {
    const box = await sandbox(place)
    const running = gate<undefined>()
    const run = await waits(running).start(undefined, { engine: box.engine })
    const outcome = Promise.allSettled([run.result()])
    await running.promise
    await quiet()
    await box.engine.stop({ grace: 0 })
    expect(await outcome).toMatchObject([{ reason: { code: 'ENGINE_STOPPED' } }])
    await quiet()
  })

  test('E6: timeouts of groups, of steps and of waits, with functions that fail later or never end', async () => {
    const clock = new FakeClock()
    const box = await sandbox(place, { clock })
    const late = gate()
    const flow = workflow({
      name: 'late',
      execute: async (ctx) =>
        await parallel(
          [
            parallel([step('a', failsWhenAborted), never, () => late.pass()], { timeout: 10 }),
            race([step('b', never)], { timeout: 10 }),
            step('c', failsWhenAborted, { timeout: 10 }),
            step('d', never, { timeout: 10 }),
            ctx.waitForEvent('never', { timeout: 10 }),
          ],
          { settle: true },
        ),
    })
    const run = await flow.start(undefined, { engine: box.engine })
    await clock.armed(10)
    await clock.advance(10)
    const results = await run.result()
    late.fail(new Error('too late'))
    expect(results.map(({ status }) => status)).toEqual(Array.from({ length: 5 }, () => 'rejected'))
    await quiet()
  })

  test('E6: a run that is parked', async () => {
    const box = await sandbox(place, { patience: 0 })
    let name = 'first'
    const flow = workflow({
      name: 'changed',
      execute: async () => {
        await step(name, () => 1)
        await step('waits', failsWhenAborted)
      },
    })
    await flow.start(undefined, { engine: box.engine, id: 'x' })
    await new Promise<void>((resolve) =>
      box.engine.on('step.started', ({ key }) => key === 'waits' && resolve()),
    )
    name = 'renamed'
    await box.restart()
    const ended = whenEnded(box)
    await flow.start(undefined, { engine: box.engine, id: 'x' })
    await ended
    await expect(flow.get('x', { engine: box.engine }).result()).rejects.toMatchObject({
      code: 'RUN_BLOCKED',
    })
    await quiet()
  })
})

function whenEnded(box: Sandbox): Promise<void> {
  return new Promise((resolve) =>
    box.engine.on('*', ({ kind }) => /^run\.(failed|blocked)$/.test(kind) && resolve()),
  )
}

test('E6: a rejection of the code of a run that nobody awaited belongs to that run: it is logged there, and ends nothing', async () => {
  const script = fileURLToPath(new URL('support/floating.ts', import.meta.url))
  const child = spawn(process.execPath, ['--no-warnings', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  const code = await new Promise((resolve) => child.once('close', resolve))
  expect({ code, ...(JSON.parse(output) as object) }).toEqual({
    code: 0,
    result: 'the run goes on',
    logged: ['of a helper', 'of a plain promise', 'of a then of an operation'],
  })
})
