import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { createEngine, parallel, step, workflow } from 'ai-workflows'
import { httpApi, type HttpApiOptions } from 'ai-workflows/server'
import type { EmbeddedEngine } from '../../src/engine/embedded-engine.ts'
import { folder } from '../support/folder.ts'
import { type Listening, listening } from './support/listening.ts'

async function served(
  options: HttpApiOptions = {},
  dir: string = folder(),
): Promise<Listening & { readonly engine: EmbeddedEngine }> {
  const engine = createEngine({ dir })
  onTestFinished(() => engine.stop({ grace: 0 }))
  return { ...(await listening(httpApi(engine, options))), engine }
}

const double = workflow({
  name: 'double',
  execute: async (_ctx, input: number) => await step('times two', () => input * 2),
})
const failing = workflow({
  name: 'failing',
  execute: () => {
    throw new Error('no', { cause: new TypeError('because') })
  },
})

test('runs are listed newest first, a page at a time, and can be filtered', async () => {
  const { engine, get } = await served()
  for (let n = 0; n < 5; n++) await double.run(n, { engine, id: `run-${n}` })
  await failing.run(1, { engine, id: 'bad' }).catch(() => undefined)
  const first = (await get('/api/runs?limit=4')).body
  expect(first.runs.map(({ id }: { id: string }) => id)).toEqual(['bad', 'run-4', 'run-3', 'run-2'])
  const second = (await get(`/api/runs?limit=4&before=${first.next}`)).body
  expect(second.runs.map(({ id }: { id: string }) => id)).toEqual(['run-1', 'run-0'])
  expect(second.next).toBeUndefined()
  const ids = async (query: string): Promise<string[]> =>
    (await get(`/api/runs?${query}`)).body.runs.map(({ id }: { id: string }) => id)
  expect(await ids('status=failed')).toEqual(['bad'])
  expect(await ids('status=failed&status=completed&workflow=double&limit=1')).toEqual(['run-4'])
  expect(await ids('search=RUN-3')).toEqual(['run-3'])
  expect(await ids('status=interrupted')).toEqual([])
  expect(await ids('parent=none')).toHaveLength(6)
  expect(await ids('parent=bad')).toEqual([])
})

test('a search pages without losing a run, and what it looks for exactly comes first', async () => {
  const { engine, get } = await served()
  for (const id of ['a', 'ab', 'b', 'abc', 'c', 'xab']) await double.run(1, { engine, id })
  const found: string[] = []
  let next: number | undefined
  do {
    const page = (await get(`/api/runs?search=ab&limit=1${next === undefined ? '' : `&before=${next}`}`)).body
    found.push(...page.runs.map(({ id }: { id: string }) => id))
    next = page.next
  } while (next !== undefined)
  expect(found[0]).toBe('ab')
  expect(found).toEqual(['ab', 'xab', 'abc'])
})

test('a run that nobody executes is interrupted', async () => {
  const dir = folder()
  const stopped = createEngine({ dir })
  const waits = workflow({ name: 'waits', execute: async (ctx) => await ctx.waitForEvent('go') })
  await waits.start(undefined, { engine: stopped, id: 'left' })
  await stopped.stop({ grace: 0 })
  const { get } = await served({}, dir)
  expect((await get('/api/runs?status=interrupted')).body.runs).toMatchObject([
    { id: 'left', status: 'interrupted' },
  ])
  expect((await get('/api/runs/left/timeline')).body.run.status).toBe('interrupted')
})

test('a run is told with its values, timeline and journal', async () => {
  const { engine, get } = await served()
  const fan = workflow({
    name: 'fan',
    execute: async () => await parallel([step('a', () => 1), step('b', () => 2)]),
  })
  await fan.run({ deep: { list: [1] } }, { engine, id: 'r' })
  expect((await get('/api/runs/r')).body).toMatchObject({
    id: 'r',
    workflow: 'fan',
    status: 'completed',
    output: { kind: 'list', of: 'Array', items: [{ value: 1 }, { value: 2 }] },
    waiting: { sleeps: [], events: [], cancelRequested: false },
    retryable: false,
  })
  const timeline = (await get('/api/runs/r/timeline')).body
  expect(timeline.operations).toHaveLength(2)
  expect(timeline.groups).toMatchObject([{ kind: 'parallel', size: 2 }])
  const page = (await get('/api/runs/r/journal?limit=1')).body
  expect(page).toMatchObject({ entries: [{ seq: 1, kind: 'step-done' }], next: 1 })
  const rest = (await get('/api/runs/r/journal?after=1')).body
  expect(rest.entries).toHaveLength(1)
  expect(rest.next).toBeUndefined()
})

test('every kind of value is shown as what it is, and a long one is cut, with the rest for the asking', async () => {
  const { engine, get } = await served()
  const cyclic: Record<string, unknown> = { name: '<img src=x onerror=alert(1)>' }
  cyclic['self'] = cyclic
  const output = {
    date: new Date(0),
    map: new Map<unknown, unknown>([[1n, new Set(['x'])]]),
    gone: undefined,
    nan: Number.NaN,
    zero: -0,
    cyclic,
    bytes: new Uint8Array([1, 2]),
    error: new Error('outer', { cause: new RangeError('inner') }),
    long: 'é'.repeat(50_000),
    many: Array.from({ length: 1000 }, (_, at) => at),
    ['__proto__x']: { ['constructor']: 1 },
  }
  const values = workflow({ name: 'values', execute: () => output })
  await values.run(undefined, { engine, id: 'v' })
  const { entries } = (await get('/api/runs/v')).body.output
  const by = Object.fromEntries(entries)
  expect(by).toMatchObject({
    date: { kind: 'special', of: 'Date', text: '1970-01-01T00:00:00.000Z' },
    map: {
      kind: 'map',
      entries: [
        [
          { of: 'bigint', text: '1' },
          { kind: 'list', of: 'Set' },
        ],
      ],
    },
    gone: { kind: 'special', of: 'undefined' },
    nan: { kind: 'special', text: 'NaN' },
    zero: { kind: 'special', text: '-0' },
    cyclic: {
      entries: [
        ['name', { text: '<img src=x onerror=alert(1)>' }],
        ['self', { kind: 'circle' }],
      ],
    },
    bytes: { of: 'Uint8Array', text: 'AQI=' },
    error: {
      kind: 'error',
      message: 'outer',
      entries: [['cause', { name: 'RangeError', message: 'inner' }]],
    },
    long: { kind: 'text', size: 50_000 },
    many: { kind: 'list', size: 1000 },
  })
  expect(by.long.text).toHaveLength(20_000)
  const part = async (query: string) => (await get(`/api/runs/v/value?of=output&${query}`)).body.value
  const at = (key: string): number => entries.findIndex(([name]: [string]) => name === key)
  expect(
    (await part(`path=${at('many')}&from=990`)).items.map(({ value }: { value: number }) => value),
  ).toEqual([990, 991, 992, 993, 994, 995, 996, 997, 998, 999])
  expect((await part(`path=${at('long')}&from=49999`)).text).toBe('é')
  expect(await part(`path=${at('map')},1,0`)).toMatchObject({ kind: 'text', text: 'x' })
  expect((await get('/api/runs/v/value?of=output&path=99')).status).toBe(400)
  expect((await get('/api/runs/v/value?of=error')).status).toBe(404)
  expect((await get('/api/runs/v/value')).body.error.message).toContain('"of" is missing')
})

test('a value of very many parts is cut, whatever they are', async () => {
  const { engine, get } = await served()
  const dates = Array.from({ length: 150 }, () => Array.from({ length: 150 }, () => new Date(0)))
  const empty = Array.from({ length: 150 }, () => Array.from({ length: 150 }, () => []))
  const large = workflow({ name: 'large', execute: () => ({ dates, empty }) })
  await large.run(undefined, { engine, id: 'l' })
  const { text, body } = await get('/api/runs/l')
  expect(body.output.entries).toHaveLength(2)
  expect(text.match(/"kind"/g)!.length).toBeLessThan(6000)
})

test('workflows are told with the JSON Schema of their input, where there is one', async () => {
  const typed = workflow({ name: 'typed', input: z.object({ n: z.number() }), execute: (_ctx, { n }) => n })
  const { get } = await served({ workflows: [typed, double] })
  expect((await get('/api/workflows')).body.workflows).toMatchObject([
    { name: 'typed', inputSchema: { type: 'object', properties: { n: { type: 'number' } } } },
    { name: 'double' },
  ])
})

test('bad requests get a clear error', async () => {
  const { get, raw } = await served()
  const codes = async (path: string) => {
    const { status, body } = await get(path)
    expect(body.error.message).not.toBe('')
    return [status, body.error.code]
  }
  expect(await codes('/api/runs/none')).toEqual([404, 'RUN_NOT_FOUND'])
  expect(await codes(`/api/runs/${'x'.repeat(600)}`)).toEqual([400, 'BAD_REQUEST'])
  expect(await codes('/api/runs?limit=0')).toEqual([400, 'BAD_REQUEST'])
  expect(await codes('/api/runs?limit=1e3')).toEqual([400, 'BAD_REQUEST'])
  expect(await codes('/api/runs?before=-1')).toEqual([400, 'BAD_REQUEST'])
  expect(await codes('/api/runs?status=odd')).toEqual([400, 'BAD_REQUEST'])
  expect(await codes('/api/runs?sort=id')).toEqual([400, 'BAD_REQUEST'])
  expect(await codes('/api/runs?limit=1&limit=2')).toEqual([400, 'BAD_REQUEST'])
  expect(await codes('/api/nothing')).toEqual([404, 'NOT_FOUND'])
  expect(await codes('/')).toEqual([404, 'NOT_FOUND'])
  const wrong = await raw({ method: 'DELETE', path: '/api/runs/x' })
  expect([wrong.status, wrong.headers['allow']]).toEqual([405, 'GET'])
  expect((await raw({ method: 'PUT', path: '/api/runs' })).headers['allow']).toBe('GET, POST')
})
