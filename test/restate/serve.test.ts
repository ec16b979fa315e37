import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { parallel, step, workflow, type WorkflowCode } from 'ai-workflows'
import { restate, serve } from 'ai-workflows/restate'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { gate } from '../spec/support/gate.ts'
import { home } from './support/home.ts'
import { noRestate, type Restate, startRestate, why } from './support/node.ts'

const NOWHERE = 'http://127.0.0.1:9'
const named = (name: string): WorkflowCode<null, number> =>
  workflow({ name, execute: async (_ctx, _input: null) => 1 })

async function until(holds: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20))
}

describe('serve() refuses at the call (E7)', () => {
  const refused = async (workflows: unknown): Promise<string> =>
    await serve({ workflows: workflows as [], port: 0 }).then(
      () => 'nothing',
      (error: unknown) => `${(error as Error).name}: ${(error as Error).message}`,
    )

  test('a workflow without a name, and says how to give it one', async () => {
    expect(await refused([workflow({ execute: async () => 1 })])).toMatch(
      /^TypeError: .*the workflow at 0 has no name.*\{ workflows: \{ name: workflow \} \}/,
    )
  })

  test('a name that Restate does not take', async () => {
    expect(await refused([named('a/b c')])).toMatch(/^TypeError: .*letters, digits.*"a\/b c"/)
    expect(await refused([named('restate')])).toMatch(/^TypeError/)
  })

  test('two workflows of one name', async () => {
    expect(await refused([named('twice'), named('twice')])).toMatch(/^TypeError: .*two are called "twice"/)
  })

  test('no workflows, and what is none', async () => {
    expect(await refused([])).toMatch(/^TypeError: .*at least one workflow/)
    expect(await refused([{}])).toMatch(/^TypeError: .*expected workflows/)
    expect(await refused(undefined)).toMatch(/^TypeError/)
  })

  test('an unknown option, a bad port, a bad address', async () => {
    const workflows = [named('fine')]
    await expect(serve({ workflows, prt: 1 } as never)).rejects.toThrow('did you mean "port"?')
    await expect(serve({ workflows, port: 99_999 })).rejects.toThrow('expected a port')
    await expect(serve({ workflows, admin: 'localhost' })).rejects.toThrow('expected a URL')
    expect(() => restate({ ingress: 'here' })).toThrow('expected a URL')
    expect(() => restate({} as never)).toThrow('expected a URL')
  })

  test('a port that is taken', async () => {
    const taken = createServer().listen(0)
    onTestFinished(() => void taken.close())
    await once(taken, 'listening')
    const { port } = taken.address() as AddressInfo
    await expect(serve({ workflows: [named('fine')], port })).rejects.toMatchObject({
      code: 'STORE',
      message: expect.stringContaining(`port ${port} is taken`),
    })
  })
})

describe('nobody is there', () => {
  test('serve() says which address does not answer, and listens no more', async () => {
    await expect(serve({ workflows: [named('fine')], port: 0, admin: NOWHERE })).rejects.toMatchObject({
      problem: 'unreachable',
      message: expect.stringMatching(/^Restate cannot be reached at http:\/\/127\.0\.0\.1:9 \(admin\)/),
    })
  })

  test('start() says so', async () => {
    const engine = restate({ ingress: NOWHERE })
    const started = engine.start(named('fine'), null)
    await expect(started).rejects.toThrow(/^Restate cannot be reached at .* \(ingress\)/)
  })
})

describe.skipIf(noRestate)(`on a server${why}`, () => {
  let node: Restate
  beforeAll(async () => {
    node = await startRestate()
  })
  afterAll(() => node.stop())

  test('start() of a workflow that nobody serves says what to do', async () => {
    const engine = restate({ ingress: node.ingress })
    await expect(engine.start(named('served-by-nobody'), null)).rejects.toMatchObject({
      code: 'STORE',
      message: expect.stringMatching(/knows no workflow "served-by-nobody": serve it/),
    })
  })

  test('start() at the admin address says that this is no ingress', async () => {
    const engine = restate({ ingress: node.admin })
    await expect(engine.start(named('misled'), null)).rejects.toMatchObject({ code: 'STORE' })
  })

  test('a workflow without a name is served under the one of a record, and found by its parent', async () => {
    const child = workflow({ execute: async (_ctx, n: number) => await step('double', () => n * 2) })
    const parent = workflow({
      name: 'parent-of-unnamed',
      execute: async (ctx, _input: null) => await parallel([1, 2].map((n) => ctx.invoke(child, n))),
    })
    const { engine } = await home(node, [], { workflows: { 'parent-of-unnamed': parent, 'a-child': child } })
    expect(await parent.run(null, { engine })).toEqual([2, 4])
    expect((await engine.list({ workflow: 'a-child' })).length).toBe(2)
  })

  test('a child that nobody could find is a failure of its own, which the parent can deal with', async () => {
    const nameless = workflow({ execute: async () => 1 })
    const parent = workflow({
      name: 'parent-of-lost',
      execute: async (ctx, _input: null) =>
        await ctx.invoke(nameless, null).catch((error: Error) => error.message),
    })
    const { engine } = await home(node, [parent])
    expect(await parent.run(null, { engine })).toContain('has no name and is not served here')
  })

  test('a workflow that was served elsewhere moves, and the log says so', async () => {
    const first = await home(node, [named('moved')])
    const second = await home(node, [named('moved')])
    expect(second.log.messages('warn').join()).toContain(`"moved" was served at ${first.address}`)
    await first.leave()
    expect(await second.engine.start(named('moved'), null).then((run) => run.result())).toBe(1)
  })

  test('list() tells of runs, newest first, with their status and their parent', async () => {
    const child = named('listed-child')
    const parent = workflow({
      name: 'listed-parent',
      execute: async (ctx, fail: boolean) => {
        await ctx.invoke(child as never, null)
        if (fail) throw new RangeError('too far')
        return 1
      },
    })
    const { engine } = await home(node, [parent, child])
    const good = await parent.start(false, { engine })
    await good.result()
    const bad = await parent.start(true, { engine })
    await bad.result().catch(() => undefined)
    const runs = await engine.list({ workflow: 'listed-parent' })
    expect(runs.map(({ id, status }) => [id, status])).toEqual([
      [bad.id, 'failed'],
      [good.id, 'completed'],
    ])
    expect(runs[0]?.problem).toContain('too far')
    const [of] = await engine.list({ workflow: 'listed-child', id: `${good.id}/listed-child` })
    expect(of?.parent).toBe(runs[1]?.invocation)
    await expect(engine.list({ workfow: 'x' } as never)).rejects.toThrow('did you mean "workflow"?')
    await expect(restate({ ingress: node.ingress }).list()).rejects.toThrow("needs Restate's admin address")
  })

  test('what has no meaning there says so: fork, zombies, retry from a step', async () => {
    const { engine } = await home(node, [named('limited')])
    const run = await engine.start(named('limited'), null)
    await run.result()
    for (const ask of [() => run.fork(), () => run.zombies(), () => run.retry({ fromStep: 'a' })])
      await expect(ask()).rejects.toMatchObject({ code: 'STORE', problem: 'unsupported' })
  })

  test('D5: a run whose code has changed is paused and says why, and goes on when the code is right again', async () => {
    const calls: string[] = []
    const changing = (second: string): WorkflowCode<null, string[]> =>
      workflow({
        name: 'changing',
        execute: async (ctx, _input: null) => {
          const seen = [await step('first', () => (calls.push('first'), 'first'))]
          seen.push(await step(second, () => (calls.push(second), second)))
          await ctx.waitForEvent('go')
          return seen
        },
      })
    const { engine, deploy, log } = await home(node, [changing('second')], { inactivity: '50ms' })
    const run = await engine.start(changing('second'), null)
    await until(async () => (await run.status()) === 'waiting')
    await deploy([changing('other')])
    await run.signal('go') // wakes it
    const blocked: unknown = await run.result().catch((error: unknown) => error)
    expect(blocked).toMatchObject({
      name: 'RunBlockedError',
      cause: { name: 'NonDeterminismError', recordedKey: 'second', waitingKeys: ['other'] },
    })
    expect(await run.status()).toBe('blocked')
    for (const said of log.messages('warn')) expect(said).toContain('name: second != other')
    await deploy([changing('second')])
    await run.retry()
    expect(await run.result()).toEqual(['first', 'second'])
    expect(calls).toEqual(['first', 'second'])
  })

  test('D5: also where only one of several has changed, of which the journal has one entry', async () => {
    const group = (second: string): WorkflowCode<null, number[]> =>
      workflow({
        name: 'changing-group',
        execute: async (ctx, _input: null) => {
          const both = await parallel([step('first', () => 1), step(second, () => 2)])
          await ctx.waitForEvent('go')
          return both
        },
      })
    const { engine, deploy } = await home(node, [group('second')], { patience: '50ms', inactivity: '50ms' })
    const run = await engine.start(group('second'), null)
    await until(async () => (await run.status()) === 'waiting')
    await deploy([group('other')])
    await run.signal('go')
    const blocked = await run.result().catch((error: unknown) => error)
    expect(blocked).toMatchObject({
      name: 'RunBlockedError',
      cause: { name: 'NonDeterminismError', recordedKey: 'second', waitingKeys: ['other'] },
    })
    await deploy([group('second')])
    await run.retry()
    expect(await run.result()).toEqual([1, 2])
  })

  test('R7: a run that only waits is put away, and woken by what it waits for', async () => {
    const waiting = workflow({
      name: 'put-away',
      execute: async (ctx, _input: null) => [
        await ctx.waitForEvent('go'),
        await step('after', () => 'after'),
      ],
    })
    const { engine } = await home(node, [waiting], { inactivity: '50ms' })
    const run = await waiting.start(null, { engine })
    await until(async () => (await run.status()) === 'waiting')
    await run.signal('go', 7)
    expect(await run.result()).toEqual([7, 'after'])
  })

  test('a step that is recorded while the run is put away is not repeated; one that still runs begins anew', async () => {
    const calls: string[] = []
    const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
    const long = workflow({
      name: 'put-away-in-the-middle',
      execute: async (_ctx, _input: null) =>
        await parallel([
          step('short', async () => {
            calls.push('short')
            await wait(300)
          }),
          step('long', async ({ signal }) => {
            calls.push('long')
            signal.addEventListener('abort', () =>
              calls.push(`long is told: ${(signal.reason as Error).message}`),
            )
            await wait(900)
          }),
        ]),
    })
    const { engine } = await home(node, [long], { inactivity: '100ms' })
    await long.run(null, { engine })
    expect(calls.filter((call) => call === 'short')).toEqual(['short'])
    expect(calls.filter((call) => call === 'long').length).toBeGreaterThan(1)
    expect(calls[2]).toContain('the run cannot go on here; it is resumable')
  })

  test('a timer starts when it starts, however long the run had to wait before that', async () => {
    const sleeping = workflow({
      name: 'late-sleeper',
      execute: async (ctx, _input: null) => {
        const before = await step('before', () => Date.now())
        await ctx.waitForEvent('go')
        await ctx.sleep(300)
        return (await step('after', () => Date.now())) - before
      },
    })
    const { engine, leave, deploy } = await home(node, [sleeping])
    const run = await sleeping.start(null, { engine })
    await until(async () => (await run.status()) === 'running')
    await leave()
    const sent = run.signal('go') // it is on its way, and arrives when there is somebody
    await deploy([sleeping])
    await sent
    expect(await run.result()).toBeGreaterThanOrEqual(300)
  })

  test('stop() lets running steps end, and what they came to is recorded', async () => {
    const began = gate()
    const finish = gate()
    let calls = 0
    const slow = workflow({
      name: 'stopped-gently',
      execute: async (_ctx, _input: null) => {
        const n = await step('slow', async () => {
          calls++
          began.open()
          await finish.promise
          return calls
        })
        return n + (await step('next', () => 10))
      },
    })
    const log = { debug() {}, info() {}, warn() {}, error() {} }
    const { admin, ingress } = node
    const first = await serve({ workflows: [slow], host: '127.0.0.1', port: 0, log })
    const { port } = first
    await first.stop({ grace: 0 })
    const options = {
      workflows: [slow],
      host: '127.0.0.1',
      port,
      admin,
      address: `http://127.0.0.1:${port}`,
      log,
    }
    const server = await serve(options)
    const run = await slow.start(null, { engine: restate({ ingress, admin }) })
    await began.promise
    const stopped = server.stop()
    finish.open()
    await stopped
    const again = await serve(options)
    onTestFinished(() => again.stop({ grace: 0 }))
    expect(await run.result()).toBe(11)
    expect(calls).toBe(1)
  })

  test('a result that Restate could not take is refused with a clear error', async () => {
    const large = workflow({
      name: 'too-large',
      execute: async (_ctx, _input: null) =>
        await step('large', () => 'x'.repeat(11 * 1024 * 1024)).catch((error: Error) => error.message),
    })
    const { engine } = await home(node, [large])
    expect(await large.run(null, { engine })).toMatch(
      /^Cannot store result: .*at most 10,485,760 are possible with Restate/,
    )
  })
})
