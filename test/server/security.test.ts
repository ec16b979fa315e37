import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { createEngine, memoryStore, workflow } from 'ai-workflows'
import { httpApi, type HttpApiOptions } from 'ai-workflows/server'
import { type Listening, listening } from './support/listening.ts'

const TOKEN = 'correct-horse-battery'

const noop = workflow({ name: 'noop', execute: () => 1 })

async function guarded(options: HttpApiOptions = {}): Promise<Listening> {
  const engine = createEngine({ store: memoryStore() })
  onTestFinished(() => engine.stop({ grace: 0 }))
  return await listening(httpApi(engine, { workflows: [noop], ...options }))
}

test.for([
  'evil.example',
  'evil.example:7373',
  'localhost.evil.example',
  '127.0.0.1.evil.example',
  '0.0.0.0',
  '127.1',
  '2130706433',
  '0x7f.0.0.1',
  'localhost..',
  '127.0.0.256',
])('the host %s, which a page may have had pointed here, is refused', async (host) => {
  const { raw } = await guarded()
  for (const method of ['GET', 'POST']) {
    const { status, body } = await raw({ method, path: '/api/runs', headers: { host } })
    expect([status, body.error.code]).toEqual([403, 'FORBIDDEN'])
  }
})

test.for(['localhost', 'localhost.:7373', 'LOCALHOST:1', '127.0.0.1:80', '127.8.9.1', '[::1]:7373'])(
  'the host %s is this machine',
  async (host) => {
    const { get } = await guarded()
    expect((await get('/api/runs', { host })).status).toBe(200)
  },
)

test('a host is served that was named', async () => {
  const { get } = await guarded({ hosts: ['Runs.Example'] })
  expect((await get('/api/runs', { host: 'runs.example:443' })).status).toBe(200)
  expect((await get('/api/runs', { host: 'other.example' })).status).toBe(403)
})

test.for([
  { origin: 'https://evil.example' },
  { origin: 'null' },
  { origin: 'http://127.0.0.1:1' },
  { origin: 'http://127.0.0.1' },
  { origin: 'http://[::1]:7373' },
  { origin: 'file://' },
  { origin: 'http://127.0.0.1.evil.example' },
  { 'sec-fetch-site': 'cross-site' },
  { 'sec-fetch-site': 'same-site' },
  { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
  { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' },
])('a request of another site is refused: %o', async (headers) => {
  const { get, post } = await guarded()
  expect((await get('/api/runs', headers)).status).toBe(403)
  expect((await post('/api/runs', { workflow: 'noop', id: 'x' }, headers)).status).toBe(403)
  expect((await get('/api/runs/x')).status).toBe(404)
})

test('a link of another site may be followed, and nothing may be posted that way', async () => {
  const { get, post } = await guarded()
  const headers = {
    'sec-fetch-site': 'cross-site',
    'sec-fetch-mode': 'navigate',
    'sec-fetch-dest': 'document',
  }
  expect((await get('/api/runs', headers)).status).toBe(200)
  expect((await post('/api/runs', { workflow: 'noop' }, headers)).status).toBe(403)
})

test('the page itself may ask', async () => {
  const { get, port } = await guarded()
  const headers = { origin: `http://127.0.0.1:${port}`, 'sec-fetch-site': 'same-origin' }
  expect((await get('/api/runs', headers)).status).toBe(200)
})

test('where there is a token, it is needed for everything', async () => {
  const { get, post } = await guarded({ token: TOKEN })
  for (const path of ['/api/runs', '/api/changes', '/api/nothing', '/']) {
    const { status, body } = await get(path)
    expect([path, status, body.error.code]).toEqual([path, 401, 'UNAUTHORIZED'])
  }
  expect((await post('/api/runs', { workflow: 'noop' })).status).toBe(401)
  for (const authorization of [
    'Bearer wrong',
    `Basic ${TOKEN}`,
    'Bearer',
    `Bearer ${TOKEN}x`,
    `Bearer ${TOKEN.slice(1)}`,
  ])
    expect((await get('/api/runs', { authorization })).status).toBe(401)
  expect((await get('/api/runs', { authorization: `Bearer ${TOKEN}` })).status).toBe(200)
})

test('a token in the address is exchanged for a cookie that no script and no other site gets', async () => {
  const { get, post } = await guarded({ token: TOKEN })
  const { status, headers } = await get(`/runs/x?tab=1&token=${TOKEN}`)
  expect([status, headers['location']]).toEqual([303, '/runs/x?tab=1'])
  const [set = ''] = headers['set-cookie'] ?? []
  expect(set).toMatch(/; Path=\/; HttpOnly; SameSite=Strict$/)
  expect(set).not.toContain(TOKEN)
  const [cookie = ''] = set.split(';')
  expect((await get('/api/runs', { cookie })).status).toBe(200)
  expect((await get('/api/runs', { cookie: `other=1; ${cookie}; more=2` })).status).toBe(200)
  expect((await get('/api/runs', { cookie: `${cookie}x` })).status).toBe(401)
  expect((await post('/api/runs', { workflow: 'noop' }, { cookie })).status).toBe(201)
  expect(
    (await post('/api/runs', { workflow: 'noop' }, { cookie, origin: 'https://evil.example' })).status,
  ).toBe(403)
  expect((await get('/api/runs?token=wrong', { cookie })).status).toBe(401)
  expect((await post(`/api/runs?token=${TOKEN}`, { workflow: 'noop' })).status).toBe(401)
})

test('the exchange leads to no other host', async () => {
  const { get } = await guarded({ token: TOKEN })
  for (const path of ['//evil.example', '///evil.example/x', '/%5Cevil.example'])
    expect((await get(`${path}?token=${TOKEN}`)).headers['location']).toMatch(/^\/[^/\\]/)
})

test('every answer says that it is data, is not kept, and belongs to nobody else', async () => {
  const { get, raw } = await guarded()
  for (const answer of [
    await get('/api/runs'),
    await get('/api/nothing'),
    await get('/api/runs', { host: 'evil.example' }),
    await raw({ method: 'OPTIONS', path: '/api/runs' }),
  ]) {
    expect(answer.headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
      'x-frame-options': 'DENY',
      'cross-origin-resource-policy': 'same-origin',
    })
    expect(answer.headers['content-security-policy']).toContain("default-src 'none'; frame-ancestors 'none'")
    expect(answer.headers['access-control-allow-origin']).toBeUndefined()
    expect(answer.headers['content-type']).toMatch(/^application\/json/)
  }
})

test('what is sent must be JSON, by its type too, and not too large', async () => {
  const { post, raw } = await guarded({ maxBody: 1000 })
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp'])
    expect((await post('/api/runs', { workflow: 'noop' }, { 'content-type': type })).status).toBe(415)
  expect((await raw({ method: 'POST', path: '/api/runs' })).status).toBe(415)
  const large = JSON.stringify({ workflow: 'noop', input: 'x'.repeat(2000) })
  const chunked = { method: 'POST', path: '/api/runs', headers: { 'content-type': 'application/json' } }
  for (const answer of [
    await post('/api/runs', large, { 'content-length': String(large.length) }),
    await raw({ ...chunked, body: large }),
  ])
    expect([answer.status, answer.body.error.code]).toEqual([413, 'TOO_LARGE'])
  for (const body of ['{', '[]', 'null', '"x"', '{"workflow":"noop","extra":1}', '{"workflow":5}', '{}'])
    expect([body, (await post('/api/runs', body)).status]).toEqual([body, 400])
})

test('a body that ends before it is complete is nobody else’s trouble', async () => {
  const told: unknown[] = []
  const { port, get } = await guarded({ onError: (error) => told.push(error) })
  const socket = connect(port, '127.0.0.1')
  socket.write(
    'POST /api/runs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
  )
  await once(socket, 'connect')
  expect((await get('/api/runs')).status).toBe(200)
  socket.destroy()
  expect((await get('/api/runs')).status).toBe(200)
  expect(told).toEqual([])
})

test('bad options are refused at the call', () => {
  const engine = createEngine({ store: memoryStore() })
  expect(() => httpApi(engine, { token: 'short' })).toThrow(/at least 16/)
  expect(() => httpApi(engine, { token: `with space ${TOKEN}` })).toThrow(/token/)
  expect(() => httpApi(engine, { workflows: [noop, workflow({ name: 'noop', execute: () => 2 })] })).toThrow(
    /two are called/,
  )
  expect(() => httpApi(engine, { workflows: [workflow({ execute: () => 2 })] })).toThrow(
    /a workflow with a name/,
  )
  expect(() => httpApi({} as never)).toThrow(/list\(\)/)
})

test('what goes wrong inside is told to the server, and not to who asks', async () => {
  const engine = createEngine({ store: memoryStore() })
  onTestFinished(() => engine.stop({ grace: 0 }))
  const told: unknown[] = []
  const broken = Object.assign(Object.create(engine) as typeof engine, {
    list: () => Promise.reject(new Error('secret')),
  })
  const { get } = await listening(httpApi(broken, { onError: (error) => told.push(error) }))
  const { status, body, text } = await get('/api/runs')
  expect([status, body.error.code]).toEqual([500, 'INTERNAL'])
  expect(text).not.toContain('secret')
  expect(told).toMatchObject([{ message: 'secret' }])
})
