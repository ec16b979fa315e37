/** R3, E4: signal, grace, fence. A step that ignores its signal is named, wherever one looks, until it ends. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import {
  any,
  createEngine,
  type EmbeddedEngine,
  memoryStore,
  type Operation,
  parallel,
  race,
  type RunHandle,
  step,
  workflow,
  type Zombie,
} from 'ai-workflows'
import { VirtualClock } from 'ai-workflows/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Store } from '../../src/core/ports/store.ts'
import { lasting } from '../attack/support/faulty-store.ts'
import { aborted, type Gate, gate, gates, quiet } from './support/gate.ts'
import { LogBook, PLACES, sandbox } from './support/sandbox.ts'

/** Several engines over one store, with one time. */
function engines(options: { readonly abortGrace?: '1s' | 0 } = {}) {
  const store = lasting(memoryStore())
  const clock = new VirtualClock(Date.now())
  const log = new LogBook()
  const open = (over: Store = store): EmbeddedEngine => {
    const engine = createEngine({ store: over, clock, log, ...options })
    onTestFinished(() => engine.stop({ grace: 0 }))
    return engine
  }
  /** Lets time pass, look by look. */
  const pass = async (seconds: number): Promise<void> => {
    for (let at = 0; at < seconds; at++) {
      clock.advance(1000)
      await quiet(4)
    }
  }
  return { store, clock, log, open, pass }
}

function names(zombies: readonly Zombie[]): string[] {
  return zombies.map(({ step: name, reason }) => `${name}: ${reason.kind}`).sort()
}

const deaf = (name: string, held: Gate): Operation<void> => step(name, () => held.pass())

describe('a step that ignores its signal', () => {
  test('R3: is listed by name once the grace period is over, in every process, while its run has long returned', async () => {
    const { open, pass, log, clock } = engines()
    const [engine, other] = [open(), open()]
    const [held, events] = [gate(), [] as unknown[]]
    engine.on('step.zombie', (event) => events.push(event))
    const flow = workflow({
      name: 'w',
      execute: () => race([deaf('slow #1/2', held), step('quick', () => held.reached)], { name: 'r' }),
    })
    const run = await flow.start({}, { id: 'r', engine })
    await run.result()
    const since = clock.now()
    await pass(4)
    expect(await run.zombies()).toEqual([])
    await pass(2)
    const [zombie, ...more] = await run.zombies()
    expect(more).toEqual([])
    expect(zombie).toMatchObject({
      step: 'slow #1/2',
      key: 'slow %231%2f2',
      attempt: 1,
      since,
      reason: { code: 'CANCELLED', kind: 'race-lost', by: 'quick' },
      pid: process.pid,
    })
    expect(await other.find('r').zombies()).toEqual([zombie])
    expect((await other.inspect('r')).zombies).toEqual([zombie])
    expect(events).toEqual([
      {
        kind: 'step.zombie',
        run: 'r',
        workflow: 'w',
        at: since + 5000,
        key: 'slow %231%2f2',
        name: 'slow #1/2',
        attempt: 1,
        givenUpAt: since,
      },
    ])
    await pass(10)
    expect(log.messages('warn')).toEqual([
      expect.stringMatching(
        /^Step "slow #1\/2" of run "r" ignores its signal: it still runs, 5 s after .*won \(by "quick"\).*fetch\(url, \{ signal \}\)/,
      ),
    ])
    held.open()
    await quiet()
    expect(await run.zombies()).toEqual([])
    expect(await other.find('r').zombies()).toEqual([])
  })

  test('R3: one that obeys within the grace period is never one', async () => {
    const { open, pass, log, clock } = engines({ abortGrace: '1s' })
    const engine = open()
    const [tidied, asked] = [gate(), gate()]
    const flow = workflow({
      name: 'w',
      execute: () =>
        race([
          step('tidy', async ({ signal }) => {
            asked.open()
            await aborted(signal)
            await tidied.pass()
          }),
          step('quick', () => asked.promise),
        ]),
    })
    const run = await flow.start({}, { engine })
    await run.result()
    clock.advance(900)
    tidied.open()
    await quiet()
    await pass(10)
    expect(await run.zombies()).toEqual([])
    expect(log.messages('warn')).toEqual([])
  })

  test('E4: the list says why each was given up, for every reason', async () => {
    const { open, pass, store, clock } = engines()
    const engine = open()
    const held = gates()
    const abort = new AbortController()
    const list = async (run: RunHandle): Promise<string[]> => names(await run.zombies())
    const stubborn = (name: string): Operation<void> => deaf(name, held(name))
    const start = async (name: string, execute: () => PromiseLike<unknown>): Promise<RunHandle> => {
      const run = await workflow({ name, execute }).start(undefined, { id: name, engine })
      run.result().catch(() => undefined)
      return run
    }
    const failing = (after: string): Operation<never> =>
      step('bad', async () => {
        await held(after).reached
        throw new Error('bad')
      })
    const runs = {
      'sibling-failed': await start('a', () => parallel([stubborn('a'), failing('a')])),
      'race-lost': await start('b', () => any([stubborn('b'), step('quick', () => held('b').reached)])),
      timeout: await start('c', () => parallel([stubborn('c')], { timeout: 100, timeoutValue: null })),
      'own timeout': await start('d', () => step('d', () => held('d').pass(), { timeout: 100 })),
      aborted: await start('e', () => parallel([stubborn('e')], { signal: abort.signal })),
      'run-cancelled': await start('f', () => parallel([async () => await race([stubborn('f')])])),
      'run-ended': await start('g', () => Promise.race([stubborn('g'), held('g').reached])),
    }
    for (const name of 'abcdefg') await held(name).reached
    await runs['run-cancelled'].cancel('enough')
    abort.abort()
    clock.advance(100)
    await quiet()
    await pass(6)
    const seen = Object.fromEntries(
      await Promise.all(Object.entries(runs).map(async ([name, run]) => [name, await list(run)] as const)),
    )
    expect(seen).toEqual({
      'sibling-failed': ['a: sibling-failed'],
      'race-lost': ['b: race-lost'],
      timeout: ['c: timeout'],
      'own timeout': ['d: timeout'],
      aborted: ['e: aborted'],
      'run-cancelled': ['f: run-cancelled'],
      'run-ended': ['g: run-ended'],
    })
    expect((await runs['run-cancelled'].zombies())[0]?.reason).toMatchObject({ cause: 'enough' })
    for (const name of 'abcdefg') held(name).open()
    await quiet()
    for (const run of Object.values(runs))
      expect(await store.readZombies(await numberOf(engine, run))).toEqual([])
  })

  test('R4, E4: of a run that was taken over: told run-taken-over, and listed as the first process’s', async () => {
    const store = lasting(memoryStore())
    const clocks = [new VirtualClock(Date.now()), new VirtualClock(Date.now())] as const
    const [first, second] = clocks.map((clock) => {
      const engine = createEngine({ store, clock, log: new LogBook() })
      onTestFinished(() => engine.stop({ grace: 0 }))
      return engine
    }) as [EmbeddedEngine, EmbeddedEngine]
    const [held, short] = [gate(), gate()]
    let executions = 0
    const flow = workflow({
      name: 'w',
      execute: async () => {
        const mine = ++executions
        await Promise.all([
          step('long', () => (mine === 1 ? held.pass() : undefined)),
          step('short', () => (mine === 1 ? short.pass() : undefined)),
        ])
      },
    })
    const run = await flow.start({}, { id: 'r', engine: first })
    run.result().catch(() => undefined)
    await held.reached
    clocks[1].advance(31_000)
    await quiet()
    await (await flow.start({}, { id: 'r', engine: second })).result()
    short.open() // its commit is refused, and so the first learns of it
    await quiet()
    clocks[0].advance(31_000)
    await quiet()
    expect(names(await second.find('r').zombies())).toEqual(['long: run-taken-over'])
    held.open()
    await quiet()
    expect(await second.find('r').zombies()).toEqual([])
  })

  test('its attempts are told apart: one that timed out runs on beside the next', async () => {
    const { open, pass, clock } = engines()
    const engine = open()
    const [first, second] = [gate(), gate()]
    const flow = workflow({
      name: 'w',
      execute: () =>
        step('s', ({ attempt }) => (attempt === 1 ? first : second).pass(), {
          timeout: '10s',
          retry: { maxAttempts: 2, initialDelay: 0 },
        }),
    })
    const run = await flow.start({}, { engine })
    await first.reached
    clock.advance(10_000)
    await quiet()
    await second.reached
    await pass(6)
    expect((await run.zombies()).map(({ attempt }) => attempt)).toEqual([1])
    second.open()
    await run.result()
    expect((await run.zombies()).map(({ attempt }) => attempt)).toEqual([1])
    first.open()
    await quiet()
    expect(await run.zombies()).toEqual([])
  })

  test('is still there when its engine has executed nothing for long: its owner says that it is alive', async () => {
    const { open, pass } = engines()
    const [engine, other] = [open(), open()]
    const held = gate()
    const flow = workflow({
      name: 'w',
      execute: () => race([deaf('s', held), step('q', () => held.reached)]),
    })
    await flow.run({}, { id: 'r', engine })
    await pass(120)
    expect(await other.find('r').zombies()).toHaveLength(1)
    await engine.stop({ grace: 0 })
    expect(await other.find('r').zombies()).toEqual([])
  })

  test('R6: engine.stop tells at its end which steps it left running, and which obeyed it does not', async () => {
    const { open, log } = engines()
    const engine = open()
    const [held, obeys] = [gate(), gate()]
    const flow = workflow({
      name: 'w',
      execute: () =>
        parallel([
          deaf('deaf', held),
          step('obedient', async ({ signal }) => {
            obeys.open()
            throw await aborted(signal)
          }),
        ]),
    })
    const run = await flow.start({}, { id: 'r', engine })
    run.result().catch(() => undefined)
    await Promise.all([held.reached, obeys.promise])
    await engine.stop({ grace: 0 })
    expect(log.messages('warn')).toEqual([
      expect.stringMatching(/^The engine has stopped, and these still run, .*: step "deaf" of run "r"\. /),
    ])
    held.open()
    await quiet()
  })

  test('a store that does not take the list keeps nothing from going on', async () => {
    const { open, pass, store, log } = engines()
    const engine = open({ ...store, addZombie: () => Promise.reject(new Error('full')) })
    const held = gate()
    const flow = workflow({
      name: 'w',
      execute: () => race([deaf('s', held), step('q', () => held.reached)]),
    })
    const run = await flow.start({}, { engine })
    await pass(6)
    await run.result()
    expect(log.messages('warn')).toEqual([
      expect.stringContaining('ignores its signal'),
      expect.stringContaining('could not be listed'),
    ])
    held.open()
    await quiet()
  })

  test('a huge cause is not kept: only the beginning of what it says', async () => {
    const { open, pass } = engines()
    const engine = open()
    const held = gate()
    const flow = workflow({ name: 'w', execute: () => deaf('s', held) })
    const run = await flow.start({}, { engine })
    run.result().catch(() => undefined)
    await held.reached
    await run.cancel('x'.repeat(1_000_000))
    await quiet()
    await pass(6)
    expect((await run.zombies())[0]?.reason.cause).toBe('x'.repeat(200))
    held.open()
  })
})

describe('whatever a step does after it was given up', () => {
  const odd: readonly [string, (signal: AbortSignal) => unknown][] = [
    ['throws at once', (signal) => aborted(signal).then(() => Promise.reject(new Error('late')))],
    ['throws what cannot be stored', (signal) => aborted(signal).then(() => Promise.reject(() => 1))],
    ['returns what cannot be stored', (signal) => aborted(signal).then(() => Symbol('s'))],
    ['never settles', () => new Promise(() => undefined)],
    [
      'is a thenable that settles twice, and throws',
      (signal) => ({
        then(resolve: (value: unknown) => void, reject: (error: unknown) => void) {
          void aborted(signal).then(() => {
            resolve(1)
            reject(new Error('twice'))
            resolve(2)
          })
          throw new Error('and throws')
        },
      }),
    ],
    [
      'leaves a rejected promise behind',
      (signal) => {
        void aborted(signal).then((reason) => Promise.reject(reason as Error))
        return new Promise(() => undefined)
      },
    ],
  ]
  for (const [what, fn] of odd)
    test.each(PLACES)(`E6, R3: a step that ${what}: nothing crashes, on %s`, async (place) => {
      const box = await sandbox(place)
      const stray: unknown[] = []
      const note = (error: unknown): void => void stray.push(error)
      process.on('unhandledRejection', note)
      const began = gate()
      const flow = workflow({
        name: 'w',
        execute: async () => {
          const won = await race([
            step('odd', ({ signal }) => {
              began.open()
              return fn(signal)
            }),
            step('quick', () => began.promise.then(() => 'quick')),
          ]).catch((error: unknown) => (error as Error).message)
          return [won, await step('after', () => 'after')]
        },
      })
      const result = await flow.run({}, { engine: box.engine, id: 'r' })
      await quiet()
      process.off('unhandledRejection', note)
      // The thenable that throws has failed before it was given up.
      expect(result[1]).toBe('after')
      const { journal } = await box.engine.inspect('r')
      expect(journal.filter(({ completion }) => completion.key === 'after')).toHaveLength(1)
      expect(journal.map(({ seq }) => seq)).toEqual(journal.map((_, index) => index + 1))
      expect(stray.filter((error) => (error as { kind?: string }).kind !== 'race-lost')).toEqual([])
    })

  test('M1, R6: a zombie does not keep the process alive, and its stray rejections do not end it', async () => {
    const script = fileURLToPath(new URL('support/left-behind.ts', import.meta.url))
    const child = spawn(process.execPath, ['--no-warnings', script], { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
    expect([await new Promise((resolve) => child.once('close', resolve)), output]).toEqual([0, 'done\n'])
  })
})

test('E7: a grace period that is none is refused at the call', () => {
  for (const abortGrace of [-1, Number.NaN, 'soon', '100y'])
    expect(() => createEngine({ store: memoryStore(), abortGrace: abortGrace as '1s' })).toThrow(
      /createEngine\(\) option "abortGrace"/,
    )
})

async function numberOf(engine: EmbeddedEngine, { id }: RunHandle): Promise<number> {
  return (await engine.lookUp(id))?.no ?? 0
}
