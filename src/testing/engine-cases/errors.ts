/** E1 to E6: what is thrown, live and after a crash. */
import assert from 'node:assert/strict'
import { CancelledError, ChildError, StepError, TimeoutError, WorkflowError } from '../../core/errors.ts'
import { parallel } from '../../core/parallel.ts'
import { race } from '../../core/race.ts'
import { step } from '../../core/step.ts'
import { type EngineCase, engineCase } from './case.ts'
import { caught, fails, has, held, never, rejectsWith } from './fixtures.ts'
import { gate } from './gate.ts'

class Unregistered extends RangeError {
  override readonly name = 'Unregistered'
  readonly code = 'E_UNREGISTERED'
  readonly details = new Map([['key', [1, 2]]])
}

const chain = (): Error =>
  new Error('outer', { cause: new TypeError('middle', { cause: new Unregistered('inner') }) })

const THROWN: Readonly<Record<string, () => unknown>> = {
  plain: () => new Error('plain'),
  builtin: () => new SyntaxError('a builtin'),
  system: () => Object.assign(new Error('ENOENT: no such file'), { code: 'ENOENT', errno: -2, path: '/x' }),
  unregistered: () => new Unregistered('mine'),
  chain,
  'a cause that is no error': () => new Error('outer', { cause: { why: ['because', 1n] } }),
  several: () => new AggregateError([new Unregistered('one'), 'text', chain()], 'several'),
  'a cycle': () => {
    const error = new Error('cycle')
    error.cause = error
    return error
  },
  'what cannot be stored': () => Object.assign(new Error('with a function'), { retry: () => 1, fine: 1 }),
  text: () => 'just text',
  undefined: () => undefined,
  null: () => null,
  number: () => -0,
  object: () => ({ code: 7, at: new Date(0) }),
  symbol: () => Symbol('cannot be stored'),
}

const names = Object.keys(THROWN)

async function throwing(name: string): Promise<never> {
  throw THROWN[name]?.()
}

/** What code can see of it, three levels deep, without the places in the stack. */
function anatomy(thrown: unknown, depth = 0): unknown {
  if (!(thrown instanceof Error)) return thrown
  if (depth > 3) return thrown.message
  const { message, name, cause, ...own } = thrown
  return {
    class: Object.getPrototypeOf(thrown).constructor.name as unknown,
    name,
    message,
    own: Object.fromEntries(Object.entries(own).filter(([key]) => key !== 'stack')),
    cause: anatomy(cause, depth + 1),
    errors:
      thrown instanceof AggregateError ? thrown.errors.map((one) => anatomy(one, depth + 1)) : undefined,
    stack: typeof thrown.stack,
  }
}

export const errorCases: readonly EngineCase[] = [
  engineCase(
    'E1: a step that fails for good rejects with a StepError that has the step, the attempts and the cause',
    async (stage) => {
      const failing = async (): Promise<unknown> =>
        await step('say "hi"/', () => Promise.reject(new RangeError('why')), {
          retry: { maxAttempts: 2, initialDelay: 0 },
        })
      const error = await stage.twice(async () => await caught(parallel([failing])))
      assert.ok(
        error instanceof StepError && error instanceof WorkflowError && error.cause instanceof RangeError,
      )
      has(error, {
        name: 'StepError',
        code: 'STEP_FAILED',
        stepName: 'say "hi"/',
        key: 'parallel/0/say "hi"%2f',
        attempts: 2,
        cause: { message: 'why' },
      })
      assert.match(error.message, /hi.* failed after 2 attempts: why/)
    },
  ),

  engineCase('E2: whatever a step throws is the same live and after a crash', async (stage) => {
    const bodies = await stage.twice(async () => {
      const errors = await parallel(
        names.map((name) => step(name, () => throwing(name))),
        { settle: true },
      )
      return errors.map((one) =>
        one.status === 'rejected' ? anatomy((one.reason as Error).cause) : 'fulfilled',
      )
    })
    const of = (name: string): unknown => bodies[names.indexOf(name)]
    has(of('unregistered'), {
      class: 'Error',
      name: 'Unregistered',
      message: 'mine',
      own: { code: 'E_UNREGISTERED', details: new Map([['key', [1, 2]]]) },
      stack: 'string',
    })
    has(of('builtin'), { class: 'SyntaxError', message: 'a builtin' })
    has(of('system'), { own: { code: 'ENOENT', errno: -2, path: '/x' } })
    has(of('chain'), {
      message: 'outer',
      cause: { class: 'TypeError', cause: { name: 'Unregistered', message: 'inner' } },
    })
    has(of('a cause that is no error'), { cause: { why: ['because', 1n] } })
    has(of('what cannot be stored'), { message: 'with a function', own: { fine: 1 } })
    const { class: several, errors } = of('several') as { class: string; errors: unknown[] }
    assert.deepEqual([several, errors[1]], ['AggregateError', 'text'])
    has(errors[2], { message: 'outer', cause: { message: 'middle' } })
    assert.deepEqual(
      [of('text'), of('undefined'), of('null'), of('number')],
      ['just text', undefined, null, -0],
    )
    assert.deepEqual(of('object'), { code: 7, at: new Date(0) })
  }),

  engineCase(
    'E2: what execute throws is the result of the run, the same to each caller and in each life',
    async (stage) => {
      const original = new Unregistered('of execute', { cause: chain() })
      const flow = stage.flow(() => {
        throw original
      })
      const run = await stage.start(flow)
      const first = await caught(run.result())
      await stage.restart()
      const later = await caught(stage.get(flow, run.id).result())
      assert.notEqual(first, original)
      has(first, { name: 'Unregistered', code: 'E_UNREGISTERED', stack: original.stack })
      assert.ok(first instanceof Error && !(first instanceof Unregistered))
      assert.deepEqual(anatomy(later), anatomy(first))
      has(first.cause, { message: 'outer', cause: { message: 'middle', cause: { name: 'Unregistered' } } })
    },
  ),

  engineCase('E2: a run may fail with anything', async (stage) => {
    const flow = stage.flow((_ctx, name: string) => throwing(name))
    for (const name of ['text', 'undefined', 'null', 'object', 'several']) {
      const error = anatomy(await caught((await stage.start(flow, name)).result()))
      if (name === 'several') has(error, { class: 'AggregateError', message: 'several' })
      else assert.deepEqual(error, THROWN[name]?.())
    }
  }),

  engineCase(
    'E3: errors of ours are instances of their classes, in the code and outside, live and after a crash',
    async (stage) => {
      const child = stage.flow(async () => await step('bad', fails('no')))
      const kinds = await stage.twice(async (ctx) => {
        const errors = [
          await caught(step('bad', fails('no'))),
          await caught(parallel([step('slow', held)], { timeout: 5 })),
          await caught(parallel([step('aborted', held)], { signal: AbortSignal.abort('no') })),
          await caught(ctx.invoke(child, null)),
        ]
        const classes = [StepError, TimeoutError, CancelledError, ChildError]
        return errors.map(
          (error, n) => error instanceof (classes[n] ?? Date) && error instanceof WorkflowError,
        )
      })
      assert.deepEqual(kinds, [true, true, true, true])
    },
  ),

  engineCase('E2: errors are values as well: returned by a step, and as the output', async (stage) => {
    const flow = stage.flow(async () => {
      const error = await step('returns an error', () => chain())
      return { error, list: [new Unregistered('listed')] }
    })
    const run = await stage.start(flow)
    const { error, list } = await run.result()
    has(error, { message: 'outer', cause: { name: 'TypeError', message: 'middle' } })
    has(list[0], { name: 'Unregistered', message: 'listed', code: 'E_UNREGISTERED' })
  }),

  engineCase('E4: a step that rethrows its reason counts as cancelled, not as failed', async (stage) => {
    const running = gate()
    const statuses = await stage.twice(async (ctx) => {
      const obeys = step('obeys', (context) => (running.open(), held(context)))
      await race([obeys, step('quick', () => running.promise)])
      await step('after', () => undefined)
      return [ctx.steps['obeys']?.status, await caught(obeys)] as const
    })
    assert.equal(statuses[0], 'cancelled')
    has(statuses[1], { code: 'CANCELLED', kind: 'race-lost', by: 'quick' })
  }),

  engineCase(
    'E6: nothing that the library rejects is left unhandled, whoever gives up on it',
    async (stage) => {
      const running = gate()
      const flow = stage.flow(async (ctx) => {
        const floating = [
          step('floating', fails('nobody asks')),
          parallel([step('a', fails('no')), step('b', held)]),
          ctx.waitForEvent('never', { timeout: 1 }),
          race([step('slow', never), ctx.sleep('1w')]),
        ]
        for (const one of floating) void one.then(() => 'fine')
        await caught(parallel([step('bad', fails('no')), step('bad too', fails('no'))], { timeout: 50 }))
        await ctx.sleep(5)
        await step('last', (context) => (running.open(), held(context)))
      })
      const run = await stage.start(flow)
      await running.promise
      await run.cancel()
      await rejectsWith(run.result(), { code: 'CANCELLED' })
    },
  ),
]
