import { request } from 'node:http'
import { describe, expect, test } from 'vitest'
import { served } from './support.ts'

const TOKEN = 'a-long-and-secret-token'

/** `fetch` does not let a program say which host it means. */
function raw(
  origin: string,
  headers: Record<string, string>,
  method = 'GET',
): Promise<{ status: number; code: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(`${origin}/api/runs`, { method, headers }, (answer) => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', (chunk: string) => (text += chunk))
      answer.on('end', () => {
        const { error } = JSON.parse(text) as { error?: { code: string } }
        resolve({ status: answer.statusCode ?? 0, code: error?.code ?? '' })
      })
    })
    sent.on('error', reject)
    sent.end(method === 'POST' ? '{}' : undefined)
  })
}

describe('without a token', () => {
  test.for(['localhost', 'LOCALHOST:1', '127.0.0.1:80', '127.9.9.9', '[::1]:3000'])(
    'this machine may ask: %s',
    async (host) => {
      const { origin } = await served()
      expect(await raw(origin, { host })).toEqual({ status: 200, code: '' })
    },
  )

  test.for(['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', '192.168.1.5', '0.0.0.0'])(
    'a name that could be anybody’s is refused (DNS rebinding): %s',
    async (host) => {
      const { origin } = await served()
      expect(await raw(origin, { host })).toEqual({ status: 403, code: 'HOST' })
    },
  )
})

describe('a browser', () => {
  test.for([
    [{ origin: 'https://evil.example' }],
    [{ origin: 'null' }],
    [{ 'sec-fetch-site': 'cross-site' }],
    [{ 'sec-fetch-site': 'same-site' }],
    [{ origin: 'http://localhost:1' }],
  ] as const)('of another site is refused: %j', async ([headers]) => {
    const { origin } = await served()
    for (const method of ['GET', 'POST'])
      expect(await raw(origin, { ...headers, 'content-type': 'application/json' }, method)).toEqual({
        status: 403,
        code: 'CROSS_SITE',
      })
  })

  test('of the same site, and one that navigates, is answered', async () => {
    const { origin } = await served()
    expect((await raw(origin, { origin, 'sec-fetch-site': 'same-origin' })).status).toBe(200)
    expect((await raw(origin, { 'sec-fetch-site': 'none' })).status).toBe(200)
  })

  test.for(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', ''])(
    'cannot send what forms send: %s',
    async (type) => {
      const { origin } = await served()
      expect(await raw(origin, type === '' ? {} : { 'content-type': type }, 'POST')).toEqual({
        status: 415,
        code: 'CONTENT_TYPE',
      })
    },
  )
})

describe('with a token', () => {
  test.for([
    undefined,
    'Bearer',
    'Bearer ',
    'Bearer wrong',
    `Bearer ${TOKEN}x`,
    `Bearer ${TOKEN.slice(1)}`,
    `Basic ${TOKEN}`,
    TOKEN,
  ])('a request without it is refused: %s', async (authorization) => {
    const { origin } = await served({ token: TOKEN })
    const headers = authorization === undefined ? {} : { authorization }
    expect(await raw(origin, headers)).toEqual({ status: 401, code: 'TOKEN' })
  })

  test('one with it is answered, whatever the host is called', async () => {
    const { origin } = await served({ token: TOKEN })
    expect(await raw(origin, { authorization: `Bearer ${TOKEN}`, host: 'runs.example' })).toEqual({
      status: 200,
      code: '',
    })
  })
})

test('every answer says that it is neither kept, nor guessed, nor framed, nor told to others', async () => {
  const { call } = await served()
  for (const path of ['/api/runs', '/api/runs/none', '/nowhere']) {
    const { headers } = await call(path)
    expect(Object.fromEntries(headers)).toMatchObject({
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
    })
  }
})
