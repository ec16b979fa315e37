import { createEngine, parallel, step, workflow } from 'ai-workflows'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { gate } from '../spec/support/gate.ts'
import { events, served } from './support.ts'

const add = workflow({
  name: 'add',
  input: z.object({ a: z.number(), b: z.number().default(1) }),
  execute: async (_ctx, { a, b }) => ({ sum: await step('add', () => a + b) }),
})

describe('reading', () => {
  test('runs are listed newest first, page by page, by status, workflow and parent', async () => {
    const { box, call } = await served()
    const child = workflow({ name: 'child', execute: async () => 1 })
    const flow = workflow({
      name: 'parent',
      execute: async (ctx, fails: boolean) => {
        if (fails) throw new Error('no')
        return await ctx.invoke(child, undefined)
      },
    })
    for (const id of ['a', 'b', 'c'])
      await flow.run(id === 'b', { engine: box.engine, id }).catch(() => undefined)
    const first = await call('/api/runs?parent=&limit=2')
    expect(first.json.runs.map(({ id, status }: { id: string; status: string }) => [id, status])).toEqual([
      ['c', 'completed'],
      ['b', 'failed'],
    ])
    const second = await call(`/api/runs?parent=&limit=2&before=${first.json.next}`)
    expect(second.json.runs.map(({ id }: { id: string }) => id)).toEqual(['a'])
    expect(second.json.next).toBeUndefined()
    const failed = await call('/api/runs?status=failed,cancelled&workflow=parent')
    expect(failed.json.runs.map(({ id }: { id: string }) => id)).toEqual(['b'])
    const children = await call('/api/runs?parent=a')
    expect(children.json.runs).toMatchObject([{ workflow: 'child', status: 'completed', parent: 'a' }])
  })

  test('a run that should be executed, and that no live process executes, is interrupted', async () => {
    const { box, call } = await served()
    const held = gate()
    const flow = workflow({ name: 'w', execute: () => step('s', () => held.pass()) })
    await flow.start(undefined, { engine: box.engine, id: 'r' })
    await held.reached
    expect((await call('/api/runs/r')).json).toMatchObject({
      status: 'running',
      executedBy: { pid: process.pid },
    })
    expect((await call('/api/runs?status=interrupted')).json.runs).toEqual([])
    await box.engine.stop({ grace: 0 })
    const other = createEngine({ dir: box.dir as string })
    const { httpApi } = await import('ai-workflows/server')
    const later = httpApi(other)
    const read = async (path: string): Promise<{ readonly runs: readonly unknown[] }> =>
      (await (await later.fetch(new Request(`http://localhost${path}`))).json()) as { runs: unknown[] }
    expect((await read('/api/runs?status=interrupted')).runs).toMatchObject([
      { id: 'r', status: 'interrupted' },
    ])
    expect((await read('/api/runs?status=running')).runs).toEqual([])
    expect(await read('/api/runs/r/timeline')).toMatchObject({ run: { status: 'interrupted' } })
    await other.stop()
  })

  test('one run has its values as trees that keep what they were', async () => {
    const { box, call } = await served()
    const circle: Record<string, unknown> = {
      when: new Date(0),
      many: new Map([['k', new Set([1n])]]),
      none: undefined,
    }
    circle['self'] = circle
    const flow = workflow({
      name: 'w',
      execute: async (_ctx, _input: unknown) => {
        throw Object.assign(new Error('<img onerror=alert(1)>', { cause: new TypeError('why') }), {
          code: 'E',
        })
      },
    })
    await flow.run(circle, { engine: box.engine, id: 'r' }).catch(() => undefined)
    const { json } = await call('/api/runs/r')
    expect(json.input).toEqual({
      kind: 'record',
      entries: [
        ['when', { kind: 'special', of: 'Date', text: '1970-01-01T00:00:00.000Z' }],
        [
          'many',
          {
            kind: 'map',
            entries: [
              [
                { kind: 'text', text: 'k' },
                { kind: 'list', of: 'Set', items: [{ kind: 'special', of: 'bigint', text: '1' }] },
              ],
            ],
          },
        ],
        ['none', { kind: 'special', of: 'undefined', text: 'undefined' }],
        ['self', { kind: 'circle' }],
      ],
    })
    expect(json.error).toMatchObject({ kind: 'error', name: 'Error', message: '<img onerror=alert(1)>' })
    expect(Object.fromEntries(json.error.entries)).toMatchObject({
      code: { kind: 'text', text: 'E' },
      cause: { kind: 'error', name: 'TypeError', message: 'why' },
    })
  })

  test('a journal is told page by page, and the timeline is the one of timelineOf', async () => {
    const { box, call } = await served()
    const flow = workflow({
      name: 'w',
      execute: () =>
        parallel(
          ['a', 'b', 'c'].map((name) => step(name, () => name)),
          { concurrency: 2 },
        ),
    })
    await flow.run(undefined, { engine: box.engine, id: 'r' })
    const first = await call('/api/runs/r/journal?limit=2')
    expect(first.json.entries).toMatchObject([
      { seq: 1, kind: 'step-done', attempt: 1, value: { kind: 'text' } },
      { seq: 2, kind: 'step-done' },
    ])
    const second = await call(`/api/runs/r/journal?after=${first.json.next}`)
    expect(second.json).toMatchObject({ entries: [{ seq: 3 }] })
    expect(second.json.next).toBeUndefined()
    const { json } = await call('/api/runs/r/timeline')
    expect(json.groups).toMatchObject([{ key: 'parallel', limit: 2, size: 3 }])
    expect(json.operations.map(({ key }: { key: string }) => key)).toEqual(['a', 'b', 'c'])
    const broken = workflow({
      name: 'x',
      execute: () => step('s', () => Promise.reject(new Error('no')), { retry: { maxAttempts: 1 } }),
    })
    await broken.run(undefined, { engine: box.engine, id: 'x' }).catch(() => undefined)
    const failed = await call('/api/runs/x/timeline')
    expect(failed.json.operations).toMatchObject([
      { key: 's', state: 'failed', error: { kind: 'error', message: 'no' } },
    ])
  })
})

describe('doing', () => {
  test('a run is started, once for an id, and its input is checked by its schema', async () => {
    const { post, call, box } = await served({ workflows: [add] })
    expect((await call('/api/workflows')).json.workflows).toMatchObject([
      { name: 'add', inputSchema: { type: 'object', properties: { a: { type: 'number' } } } },
    ])
    expect(await post('/api/runs', { workflow: 'add', input: { a: 2 }, id: 'r' })).toMatchObject({
      status: 201,
      json: { id: 'r' },
    })
    expect(await box.engine.get(add, 'r').result()).toEqual({ sum: 3 })
    expect((await post('/api/runs', { workflow: 'add', input: { a: 2 }, id: 'r' })).status).toBe(201)
    expect(await post('/api/runs', { workflow: 'add', input: { a: 9 }, id: 'r' })).toMatchObject({
      status: 409,
      json: { error: { code: 'RUN_CONFLICT' } },
    })
    expect(await post('/api/runs', { workflow: 'add', input: { a: 'x' } })).toMatchObject({
      status: 400,
      json: { error: { code: 'INVALID_INPUT' } },
    })
    expect(await post('/api/runs', { workflow: 'sub' })).toMatchObject({
      status: 404,
      json: { error: { message: expect.stringContaining('it knows "add"') } },
    })
  })

  test('a run is sent events, cancelled, and retried', async () => {
    let broken = true
    const flow = workflow({
      name: 'w',
      execute: async (ctx) => {
        const payload = await ctx.waitForEvent<string>('go')
        await step(
          's',
          () => {
            if (broken) throw new Error('broken')
          },
          { retry: { maxAttempts: 1 } },
        )
        return payload
      },
    })
    const { post, call, box } = await served({ workflows: [flow] })
    await flow.start(undefined, { engine: box.engine, id: 'r' })
    expect((await post('/api/runs/r/events', { name: 'go', payload: 'now' })).status).toBe(202)
    await expect(box.engine.get(flow, 'r').result()).rejects.toThrow('broken')
    broken = false
    expect((await post('/api/runs/r/retry', { fromStep: 'none' })).status).toBe(404)
    expect((await post('/api/runs/r/retry', {})).status).toBe(202)
    expect(await box.engine.get(flow, 'r').result()).toBe('now')
    expect(await post('/api/runs/r/events', { name: 'go' })).toMatchObject({
      status: 409,
      json: { error: { code: 'RUN_ENDED' } },
    })
    await flow.start(undefined, { engine: box.engine, id: 'c' })
    expect((await post('/api/runs/c/cancel', { reason: 'enough' })).status).toBe(202)
    await expect(box.engine.get(flow, 'c').result()).rejects.toThrow('Cancelled with its run: enough')
    expect((await call('/api/runs/c')).json.status).toBe('cancelled')
  })
})

describe('live changes', () => {
  test('of a run: what it is, each time that something of it is recorded, until it has ended', async () => {
    const { box, origin } = await served()
    const held = gate()
    const flow = workflow({
      name: 'w',
      execute: async () => {
        await step('a', () => 1)
        await step('b', () => held.pass())
      },
    })
    await flow.start(undefined, { engine: box.engine, id: 'r' })
    await held.reached
    const stream = events(await fetch(`${origin}/api/runs/r/changes`))
    expect((await stream.next()).value).toEqual({
      event: 'message',
      data: { id: 'r', status: 'running', entries: 1 },
    })
    held.open()
    const rest: unknown[] = []
    for await (const each of stream) rest.push(each)
    expect(rest.at(-2)).toEqual({ event: 'message', data: { id: 'r', status: 'completed', entries: 2 } })
    expect(rest.at(-1)).toEqual({ event: 'end', data: {} })
  })

  test('of all runs, also of those that another engine executes over the same database', async () => {
    const { box, origin, api } = await served()
    const flow = workflow({ name: 'w', execute: () => step('a', () => 1) })
    await flow.run(undefined, { engine: box.engine, id: 'before' })
    const stream = events(await fetch(`${origin}/api/changes`))
    const other = createEngine({ dir: box.dir as string })
    const change = stream.next()
    // The stream has looked once by then, or it tells of this run as well as of the next.
    await flow.run(undefined, { engine: box.engine, id: 'here' })
    const first = await change
    await flow.run(undefined, { engine: other, id: 'elsewhere' })
    const seen = [first.value]
    for await (const each of stream) {
      seen.push(each)
      if ((each.data as { id: string }).id === 'elsewhere') break
    }
    expect(seen.at(-1)).toMatchObject({ data: { id: 'elsewhere' } })
    await other.stop()
    api.close()
  })

  test('a stream ends with the server, and leaves nobody listening when its client goes', async () => {
    const { origin, api } = await served()
    const aborted = new AbortController()
    const gone = await fetch(`${origin}/api/changes`, { signal: aborted.signal })
    aborted.abort()
    await expect(gone.text()).rejects.toThrow(/abort/)
    const open = await fetch(`${origin}/api/changes`)
    api.close()
    expect(await open.text()).toContain('retry: 1000')
  })
})

describe('bad requests', () => {
  test.for([
    ['GET', '/api/runs?limit=0', 400, /limit: expected a whole number from 1 to 500, got "0"/],
    ['GET', '/api/runs?limit=1e3', 400, /limit/],
    ['GET', '/api/runs?limt=3', 400, /did you mean "limit"/],
    ['GET', '/api/runs?status=done', 400, /status: expected some of running/],
    ['GET', '/api/runs/none', 404, /There is no run "none"/],
    ['GET', '/api/runs/none/timeline', 404, /no run/],
    ['GET', '/api/runs/none/changes', 404, /no run/],
    ['GET', '/api/nowhere', 404, /nothing at this address/],
    ['POST', '/api/runs', 400, /no JSON/, '{'],
    ['POST', '/api/runs', 400, /expected a JSON object, got an array of 0/, '[]'],
    ['POST', '/api/runs', 400, /workflow: expected a text, got undefined/, '{}'],
    ['POST', '/api/runs', 400, /"flow" is unknown here/, '{"flow":"w"}'],
    ['POST', '/api/runs/none/cancel', 404, /no run/, '{}'],
    ['POST', '/api/runs', 413, /more than 2000 bytes/, JSON.stringify({ workflow: 'x'.repeat(3000) })],
  ] as const)('%s %s: %i %s', async ([method, path, status, message, body]) => {
    const { call } = await served({ maxBody: 2000 })
    const answer = await call(path, {
      method,
      ...(body !== undefined && { body, headers: { 'content-type': 'application/json' } }),
    })
    expect(answer.status).toBe(status)
    expect(answer.json.error.message).toMatch(message)
  })

  test('an id that no run can have is said to be none', async () => {
    const { call } = await served()
    const { status, json } = await call(`/api/runs/${'x'.repeat(5000)}`)
    expect([status, json.error.message]).toEqual([400, expect.stringContaining('at most')])
  })

  test('R5: a database that goes away while it is served is said to be missing, and served again when it is back', async () => {
    const { box, post, call } = await served({ workflows: [add] })
    await post('/api/runs', { workflow: 'add', input: { a: 1 }, id: 'r' })
    await box.engine.get(add, 'r').result()
    const file = join(box.dir as string, 'runs.db')
    await rename(file, `${file}.away`)
    expect(await post('/api/runs', { workflow: 'add', input: { a: 1 }, id: 's' })).toMatchObject({
      status: 503,
      json: { error: { code: 'STORE_MISSING', message: expect.stringContaining('deleted or moved') } },
    })
    await rename(`${file}.away`, file)
    expect((await post('/api/runs', { workflow: 'add', input: { a: 1 }, id: 's' })).status).toBe(201)
    expect((await call('/api/runs/r')).status).toBe(200)
  })

  test('E7: options are checked at the call', async () => {
    const { httpApi } = await import('ai-workflows/server')
    const { box } = await served()
    expect(() => httpApi(box.engine, { token: 'short' })).toThrow(/at least 16 characters/)
    expect(() => httpApi(box.engine, { tokn: 'x' } as never)).toThrow(/did you mean "token"/)
    expect(() => httpApi(box.engine, { workflows: [workflow({ execute: async () => 1 })] })).toThrow(
      /without a name/,
    )
    expect(() => httpApi(box.engine, { workflows: [add, add] })).toThrow(/two workflows are called "add"/)
  })
})
