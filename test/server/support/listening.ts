/** The API behind a real server, on a port of its own. */
import { request as httpRequest } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { onTestFinished } from 'vitest'

export interface Listening {
  readonly port: number
  readonly address: string
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Answer>
  post(path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>
  /** As it is, headers that `fetch` would not send among them. */
  raw(asked: RawRequest): Promise<Answer>
}

export interface RawRequest {
  readonly method?: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
  // oxlint-disable-next-line no-explicit-any -- tests look at whatever came
  readonly body: any
}

export async function listening(api: { fetch(request: Request): Promise<Response> }): Promise<Listening> {
  const server = createAdaptorServer({ fetch: api.fetch, overrideGlobalObjects: false })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        if ('closeAllConnections' in server) server.closeAllConnections()
      }),
  )
  const { port } = server.address() as { port: number }
  const raw = (asked: RawRequest): Promise<Answer> => ask(port, asked)
  return {
    port,
    address: `http://127.0.0.1:${port}`,
    get: (path, headers = {}) => raw({ path, headers }),
    post: (path, body = {}, headers = {}) =>
      raw({
        method: 'POST',
        path,
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    raw,
  }
}

function ask(port: number, { method = 'GET', path, headers = {}, body }: RawRequest): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, method, path, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => (text += part))
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text,
          body: jsonOf(text),
        }),
      )
    })
    request.on('error', reject)
    request.end(body)
  })
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
