/**
 * One address for several service processes, as Restate knows one address for a deployment: a reverse proxy for HTTP/2 without
 * TLS, which gives each stream to the next process that lives.
 */
import { once } from 'node:events'
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { AddressInfo } from 'node:net'

export interface Proxy {
  readonly url: string
  /** @param backend its port on the loopback interface */
  add(backend: number): void
  /** No more streams go there; those that are there stay. */
  remove(backend: number): void
  stop(): Promise<void>
}

/** Milliseconds until a process that could not be reached is tried again. */
const RECONNECT = 100

const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'host'])

/** @param backends ports on the loopback interface */
export async function startProxy(backends: readonly number[] = []): Promise<Proxy> {
  const ring = new Ring()
  for (const backend of backends) ring.add(backend)
  const server = createServer()
  const sessions = new Set<ServerHttp2Session>()
  server.on('session', (session) => {
    sessions.add(session)
    session.on('close', () => sessions.delete(session)).on('error', () => undefined)
  })
  server.on('stream', (stream, headers) => forward(stream, headers, ring))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    add: (backend) => ring.add(backend),
    remove: (backend) => ring.remove(backend),
    stop: async () => {
      const closed = once(server, 'close')
      server.close()
      for (const session of sessions) session.destroy()
      ring.end()
      await closed
    },
  }
}

function forward(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, ring: Ring): void {
  stream.on('error', () => undefined)
  const session = ring.next()
  if (session === undefined) return unavailable(stream)
  const kept = Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name))
  const request = session.request(Object.fromEntries(kept), { endStream: false })
  request.on('response', (answer) => {
    if (!stream.destroyed && !stream.headersSent) stream.respond(answer)
  })
  pipe(request, stream)
  pipe(stream, request)
  // Whichever end breaks, the other does.
  request.on('error', () => cut(stream))
  request.on('close', () => {
    if (request.rstCode !== constants.NGHTTP2_NO_ERROR || !request.readableEnded) cut(stream)
  })
  stream.on('close', () => {
    if (!request.destroyed) request.close(stream.rstCode)
  })
}

/** By hand: a `pipeline` would destroy the direction that is still open. */
function pipe(from: ClientHttp2Stream | ServerHttp2Stream, to: ClientHttp2Stream | ServerHttp2Stream): void {
  from.on('data', (chunk: Buffer) => {
    if (to.destroyed || to.writableEnded) return
    if (to.write(chunk)) return
    from.pause()
    to.once('drain', () => from.resume())
  })
  from.on('end', () => {
    if (!to.destroyed && !to.writableEnded) to.end()
  })
}

function cut(stream: ServerHttp2Stream): void {
  if (stream.destroyed || stream.closed) return
  if (!stream.headersSent) unavailable(stream)
  else stream.close(constants.NGHTTP2_INTERNAL_ERROR)
}

function unavailable(stream: ServerHttp2Stream): void {
  stream.respond({ ':status': 503 }, { endStream: true })
}

/** Processes in turn, each with one connection; those that cannot be reached are left out, and tried again. */
class Ring {
  /** Undefined: not connected now. */
  readonly #sessions = new Map<number, ClientHttp2Session | undefined>()
  #ended = false

  add(backend: number): void {
    this.#sessions.set(backend, undefined)
    this.#connect(backend)
  }

  remove(backend: number): void {
    this.#sessions.get(backend)?.close()
    this.#sessions.delete(backend)
  }

  end(): void {
    this.#ended = true
    for (const session of this.#sessions.values()) session?.destroy()
    this.#sessions.clear()
  }

  /** @returns a connection to the process whose turn it is; undefined: none can be reached */
  next(): ClientHttp2Session | undefined {
    for (const [backend, session] of this.#sessions) {
      if (session === undefined) continue
      this.#sessions.delete(backend)
      this.#sessions.set(backend, session)
      return session
    }
    return undefined
  }

  #connect(backend: number): void {
    if (this.#ended || !this.#sessions.has(backend)) return
    const session = connect(`http://127.0.0.1:${backend}`)
    const lost = (): void => {
      if (this.#sessions.get(backend) === session) this.#sessions.set(backend, undefined)
    }
    session.on('error', () => undefined)
    session.once('connect', () => {
      if (this.#sessions.has(backend)) this.#sessions.set(backend, session)
      else session.close()
    })
    session.once('goaway', lost)
    session.once('close', () => {
      lost()
      setTimeout(() => this.#connect(backend), RECONNECT).unref()
    })
  }
}
