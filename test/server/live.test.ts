import { expect, onTestFinished, test, vi } from 'vitest'
import { createEngine, workflow } from 'ai-workflows'
import { httpApi, type HttpApiOptions } from 'ai-workflows/server'
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
  const one = await stream(`${address}/api/runs/far/changes`)
  await one.until(({ event }) => event === 'changed')
  elsewhere.kill('SIGKILL')
  await changes.until(changedTo('far', 'interrupted'))
  await one.until(({ data }) => data.status === 'interrupted')
  const again = start(['run', 'flow.ts', '--id', 'far'])
  await changes.until(changedTo('far', 'running'))
  expect((await cli('signal', 'far', 'go')).code).toBe(0)
  await one.until(({ data }) => data.status === 'completed')
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

test('closing the API ends the streams', async () => {
  const { address, api } = await served()
  const changes = await stream(`${address}/api/changes`)
  await changes.until(({ event }) => event === 'list')
  api.close()
  await expect(changes.until(() => false)).rejects.toThrow('has ended')
})

test('a stream of a run that is not there is refused', async () => {
  const { get } = await served()
  expect((await get('/api/runs/none/changes')).status).toBe(404)
})
