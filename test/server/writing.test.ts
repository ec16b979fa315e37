import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { createEngine, step, workflow } from 'ai-workflows'
import { httpApi } from 'ai-workflows/server'
import { folder } from '../support/folder.ts'
import { listening } from './support/listening.ts'

const add = workflow({
  name: 'add',
  input: z.object({ a: z.number(), b: z.number().default(1) }),
  execute: (_ctx, { a, b }) => step('sum', () => a + b),
})
const waits = workflow({ name: 'waits', execute: async (ctx) => await ctx.waitForEvent('go') })
let broken = true
const flaky = workflow({
  name: 'flaky',
  execute: () =>
    step(
      'once',
      () => {
        if (broken) throw new Error('not yet')
        return 'ok'
      },
      { retry: { maxAttempts: 1 } },
    ),
})

async function served() {
  const engine = createEngine({ dir: folder() })
  onTestFinished(() => engine.stop({ grace: 0 }))
  return { engine, ...(await listening(httpApi(engine, { workflows: [add, waits, flaky] }))) }
}

test('a run is started with an input that the schema has checked, once for each id', async () => {
  const { engine, post } = await served()
  const start = { workflow: 'add', input: { a: 2 }, id: 'sum' }
  expect(await post('/api/runs', start)).toMatchObject({ status: 201, body: { id: 'sum', workflow: 'add' } })
  expect(await engine.get(add, 'sum').result()).toBe(3)
  expect((await post('/api/runs', start)).body.status).toBe('completed')
  expect(await post('/api/runs', { ...start, input: { a: 9 } })).toMatchObject({
    status: 409,
    body: { error: { code: 'RUN_CONFLICT' } },
  })
  expect(await post('/api/runs', { workflow: 'add', input: { a: 'x' } })).toMatchObject({
    status: 400,
    body: { error: { code: 'INVALID_INPUT' } },
  })
  expect(await post('/api/runs', { workflow: 'other' })).toMatchObject({
    status: 404,
    body: { error: { code: 'WORKFLOW_NOT_FOUND', message: expect.stringContaining('"add"') } },
  })
})

test('an input that names a prototype is an input like any other', async () => {
  const { engine, post } = await served()
  const echo = '{"workflow":"waits","id":"p","input":{"__proto__":{"polluted":1}}}'
  expect((await post('/api/runs', echo)).status).toBe(201)
  expect(({} as { polluted?: number }).polluted).toBeUndefined()
  expect(Object.keys(engine.codec.decode((await engine.lookUp('p'))?.input ?? '') as object)).toEqual([
    '__proto__',
  ])
})

test('a run is sent an event', async () => {
  const { engine, post } = await served()
  await post('/api/runs', { workflow: 'waits', id: 'w' })
  expect((await post('/api/runs/w/events', { name: 'go', payload: { n: 1 } })).status).toBe(202)
  expect(await engine.get(waits, 'w').result()).toMatchObject({ n: 1 })
  expect((await post('/api/runs/w/events', { payload: 1 })).status).toBe(400)
  expect((await post('/api/runs/none/events', { name: 'go' })).status).toBe(404)
})

test('a run is cancelled, with a reason', async () => {
  const { engine, post, get } = await served()
  await post('/api/runs', { workflow: 'waits', id: 'w' })
  expect((await post('/api/runs/w/cancel', { reason: 'enough' })).status).toBe(202)
  await expect(engine.get(waits, 'w').result()).rejects.toThrow('enough')
  expect((await get('/api/runs/w')).body).toMatchObject({ status: 'cancelled', error: { kind: 'error' } })
  expect((await post('/api/runs/w/cancel')).status).toBe(202)
})

test('a failed run is retried, from a step too, and one that has completed is not without', async () => {
  const { engine, post } = await served()
  broken = true
  await flaky.run(undefined, { engine, id: 'f' }).catch(() => undefined)
  broken = false
  expect((await post('/api/runs/f/retry')).status).toBe(202)
  expect(await engine.get(flaky, 'f').result()).toBe('ok')
  expect(await post('/api/runs/f/retry')).toMatchObject({
    status: 409,
    body: { error: { code: 'RUN_CONFLICT' } },
  })
  expect(await post('/api/runs/f/retry', { fromStep: 'onse' })).toMatchObject({
    status: 404,
    body: { error: { code: 'STEP_NOT_FOUND', message: expect.stringContaining('"once"') } },
  })
  expect((await post('/api/runs/f/retry', { fromStep: 'once' })).status).toBe(202)
  expect(await engine.get(flaky, 'f').result()).toBe('ok')
})

test('a run whose code is not at hand is not retried', async () => {
  const { engine, post } = await served()
  const other = workflow({ name: 'other', execute: () => Promise.reject(new Error('no')) })
  await other.run(undefined, { engine, id: 'o' }).catch(() => undefined)
  expect(await post('/api/runs/o/retry')).toMatchObject({
    status: 409,
    body: { error: { code: 'WORKFLOW_NOT_FOUND' } },
  })
})
