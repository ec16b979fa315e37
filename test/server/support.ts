import { serve } from '@hono/node-server'
import type { AddressInfo } from 'node:net'
import { type HttpApi, httpApi, type HttpApiOptions } from 'ai-workflows/server'
import { onTestFinished } from 'vitest'
import { sandbox, type Sandbox } from '../spec/support/sandbox.ts'

export interface Served {
  readonly box: Sandbox
  readonly api: HttpApi
  readonly origin: string
  call(path: string, init?: RequestInit): Promise<Answer>
  post(path: string, body: unknown): Promise<Answer>
}

export interface Answer {
  readonly status: number
  // oxlint-disable-next-line no-explicit-any -- any JSON
  readonly json: any
  readonly headers: Headers
}

/** A real server on loopback, over a real database. */
export async function served(options: HttpApiOptions = {}): Promise<Served> {
  const box = await sandbox('sqlite')
  const api = httpApi(box.engine, options)
  const server = serve({ fetch: (request) => api.fetch(request), hostname: '127.0.0.1', port: 0 })
  await new Promise((resolve) => server.once('listening', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  onTestFinished(async () => {
    api.close()
    await new Promise((resolve) => server.close(resolve))
  })
  const call = async (path: string, init: RequestInit = {}): Promise<Answer> => {
    const response = await fetch(origin + path, init)
    return { status: response.status, json: await response.json(), headers: response.headers }
  }
  const post = (path: string, body: unknown): Promise<Answer> =>
    call(path, {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    })
  return { box, api, origin, call, post }
}

/** What a stream of changes says, event by event. */
export async function* events(response: Response): AsyncGenerator<{ event: string; data: unknown }> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true })
    for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
      const lines = text.slice(0, end).split('\n')
      text = text.slice(end + 2)
      const field = (name: string): string | undefined =>
        lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2)
      const data = field('data')
      if (data !== undefined) yield { event: field('event') ?? 'message', data: JSON.parse(data) as unknown }
    }
  }
}
