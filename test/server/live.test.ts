import { expect, onTestFinished, test, vi } from 'vitest'
import { createEngine, memoryStore, workflow } from 'ai-workflows'
import { httpApi, type HttpApiOptions } from 'ai-workflows/server'
import type { RunFilter, RunRecord } from '../../src/core/ports/store.ts'
import type { ServedEngine } from '../../src/server/engine.ts'
import { RecentRuns } from '../../src/server/recent-runs.ts'
import { place } from '../cli/support/cli.ts'
import { folder } from '../support/folder.ts'
import { listening } from './support/listening.ts'
import { stream, type Told } from './support/stream.ts'

const waits = workflow({ name: 'waits', execute: async (ctx) => await ctx.waitForEvent('go') })

async function served(dir: string = folder(), options: HttpApiOptions = {}) {
  const engine = createEngine({ dir })
  onTestFinished(() => engine.stop({ grace: 0 }))
  const api = httpApi(engine, { workflows: [waits], ...options })
  return { engine, api, ...(await listening(api)) }
}

const changedTo =
  (id: string, status: string) =>
  ({ event, data }: Told): boolean =>
    event === 'changed' &&
    data.runs.some((run: { id: string; status: string }) => run.id === id && run.status === status)

const runNow =
  (id: string, status?: string) =>
  ({ event, data }: Told): boolean =>
    event === 'run' && data.id === id && (status === undefined || data.status === status)

test('runs that begin and end here are told, after the word to list them', async () => {
  const { address, post } = await served()
  const changes = await stream(`${address}/api/changes`)
  expect(changes.headers.get('content-type')).toMatch(/^text\/event-stream/)
  expect(changes.headers.get('cache-control')).toBe('no-store')
  await changes.until(({ event }) => event === 'list')
  await post('/api/runs', { workflow: 'waits', id: 'w' })
  await changes.until(({ event, data }) => event === 'changed' && data.runs[0].id === 'w')
  await post('/api/runs/w/events', { name: 'go' })
  await changes.until(changedTo('w', 'completed'))
})

test('runs that another process executes are told too, as is that it has died', async () => {
  const { write, path, start, cli } = place()
  const library = new URL('../../src/index.ts', import.meta.url).href
  write(
    'flow.ts',
    `import { workflow } from ${JSON.stringify(library)}
     export const flow = workflow({ name: 'flow', execute: async (ctx) => await ctx.waitForEvent('go') })`,
  )
  const { address } = await served(path('.ai-workflows'))
  const changes = await stream(`${address}/api/changes`)
  await changes.until(({ event }) => event === 'list')
  const elsewhere = start(['run', 'flow.ts', '--id', 'far'])
  await changes.until(changedTo('far', 'running'))
  const one = await stream(`${address}/api/changes?run=far&run=none`)
  const { data: first } = await one.until(runNow('far'))
  expect((await one.until(runNow('none'))).data).toEqual({ id: 'none' })
  elsewhere.kill('SIGKILL')
  await changes.until(changedTo('far', 'interrupted'))
  await one.until(runNow('far', 'interrupted'))
  const again = start(['run', 'flow.ts', '--id', 'far'])
  await changes.until(changedTo('far', 'running'))
  expect((await cli('signal', 'far', 'go')).code).toBe(0)
  const { data: last } = await one.until(runNow('far', 'completed'))
  expect(last.mark).not.toBe(first.mark)
  expect((await again.ended).code).toBe(0)
})

test('when a client leaves, there is room for another', async () => {
  const { address, get } = await served(folder(), { maxStreams: 1 })
  const first = await stream(`${address}/api/changes`)
  await first.until(({ event }) => event === 'list')
  expect((await get('/api/changes')).body.error.code).toBe('TOO_MANY_STREAMS')
  first.leave()
  await vi.waitFor(async () => {
    const next = await stream(`${address}/api/changes`)
    const isThere = next.headers.get('content-type')?.startsWith('text/event-stream') === true
    next.leave()
    expect(isThere).toBe(true)
  })
})

test('a client that has left before its stream begins takes no place', async () => {
  const { api, address } = await served(folder(), { maxStreams: 1 })
  const gone = await api.fetch(new Request(`${address}/api/changes?run=r`, { signal: AbortSignal.abort() }))
  expect(gone.status).toBe(200)
  expect(await gone.text()).toBe('retry: 2000\n\n')
  await (await stream(`${address}/api/changes`)).until(({ event }) => event === 'list')
})

test('closing the API ends the streams', async () => {
  const { address, api } = await served()
  const changes = await stream(`${address}/api/changes`)
  await changes.until(({ event }) => event === 'list')
  api.close()
  await expect(changes.until(() => false)).rejects.toThrow('has ended')
})

test('what a stream says of a run at its beginning is the same while nothing has changed', async () => {
  const { engine, address } = await served()
  await (await waits.start(undefined, { engine, id: 'w' })).signal('go')
  await engine.idle()
  const begin = async (): Promise<Told> =>
    await (await stream(`${address}/api/changes?run=w`)).until(runNow('w'))
  const first = (await begin()).data
  expect(first).toEqual({ id: 'w', status: 'completed', mark: expect.any(String) })
  expect((await begin()).data).toEqual(first)
})

test('a stream follows no more runs than it can look at', async () => {
  const { get } = await served()
  const ids = Array.from({ length: 51 }, (_, at) => `run=${at}`).join('&')
  expect((await get(`/api/changes?${ids}`)).body.error.message).toContain('at most 50')
  expect((await get('/api/changes?run=')).status).toBe(400)
})

test('however many runs wait, a look reads the newest, and what it read of the others once more at most', async () => {
  const { engine } = await served()
  for (let n = 0; n < 120; n++) await waits.start(undefined, { engine, id: `w-${n}` })
  const recent = new RecentRuns()
  const asked = { list: 0, lookUp: 0 }
  const watched = {
    list: async (filter?: RunFilter) => {
      asked.list++
      return await engine.list(filter, { limit: 10, brief: true })
    },
    lookUp: async (id: string) => {
      asked.lookUp++
      return await engine.lookUp(id)
    },
    executorOf: (record: RunRecord) => engine.executorOf(record),
  } as unknown as ServedEngine
  expect((await recent.look(watched)).size).toBe(10)
  for (let n = 120; n < 130; n++) await waits.start(undefined, { engine, id: `w-${n}` })
  expect((await recent.look(watched)).size).toBe(20)
  expect(asked).toEqual({ list: 4, lookUp: 10 })
  await recent.look(watched)
  expect(asked).toEqual({ list: 6, lookUp: 10 })
})

test('a HEAD takes no place from those who read', async () => {
  const { address, raw } = await served(folder(), { maxStreams: 1 })
  for (let n = 0; n < 3; n++) expect((await raw({ method: 'HEAD', path: '/api/changes' })).status).toBe(200)
  await (await stream(`${address}/api/changes`)).until(({ event }) => event === 'list')
})

test('a store without marks is watched by what happens here', async () => {
  const engine = createEngine({ store: memoryStore() })
  onTestFinished(() => engine.stop({ grace: 0 }))
  const { address } = await listening(httpApi(engine))
  const changes = await stream(`${address}/api/changes`)
  await changes.until(({ event }) => event === 'list')
  const run = await waits.start(undefined, { engine, id: 'w' })
  await changes.until(({ event }) => event === 'changed')
  await run.signal('go')
  expect((await changes.until(changedTo('w', 'completed'))).event).toBe('changed')
})
