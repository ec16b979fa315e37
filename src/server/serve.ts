/** The routes. Every one is behind the guard, and every answer has the headers of `withSafeHeaders`. */
import { type Context, Hono } from 'hono'
import type { Clock } from '../core/ports/clock.ts'
import type { EngineSource } from './engine.ts'
import { comeAgain } from './come-again.ts'
import { admit, comesFromElsewhere, type GuardOptions } from './guard.ts'
import { Problem, problemAnswer, problemOf } from './problems.ts'
import { addReading } from './reading.ts'
import { withSafeHeaders } from './safe-headers.ts'
import { Served, type ServedWorkflow } from './served.ts'
import { addStream } from './streams.ts'
import { addWriting } from './writing.ts'

export interface HttpApi {
  /** Answers a request below `/api`. Never rejects. */
  fetch(this: void, request: Request): Promise<Response>
  /** Ends the streams of changes. The engine is not stopped. */
  close(this: void): void
}

export interface ServeOptions {
  readonly workflows: readonly ServedWorkflow[]
  readonly guard: GuardOptions
  readonly maxBody: number
  readonly maxStreams: number
  readonly clock: Clock
  /** Answers what is not below `/api`. */
  readonly page: ((path: string) => Promise<Response>) | undefined
  /** Told what went wrong that no request is to blame for. */
  readonly report: (error: unknown) => void
}

export function serve(source: EngineSource, options: ServeOptions): HttpApi {
  const app = new Hono()
  const served = new Served(source, options.workflows)
  addReading(app, served, options.clock)
  addWriting(app, served, options.maxBody)
  const closeStreams = addStream(app, served, options)
  app.notFound((context) => notFound(context, app, options.page))
  app.onError((thrown) => {
    const problem = problemOf(thrown)
    if (problem.status === 500 || problem.code === 'STORE') options.report(thrown)
    return problemAnswer(problem)
  })
  const answer = async (request: Request): Promise<Response> => {
    try {
      const exchange = admit(request, options.guard)
      if (exchange === undefined) return await app.fetch(request)
      const { location, cookie } = exchange
      return new Response(null, { status: 303, headers: { location, 'set-cookie': cookie } })
    } catch (thrown) {
      const problem = problemOf(thrown)
      return problem.status === 401 && comesFromElsewhere(request) ? comeAgain() : problemAnswer(problem)
    }
  }
  return { fetch: async (request) => withSafeHeaders(await answer(request)), close: closeStreams }
}

async function notFound({ req }: Context, app: Hono, page: ServeOptions['page']): Promise<Response> {
  const { path, method } = req
  const isApi = path === '/api' || path.startsWith('/api/')
  const allowed = isApi ? methodsOf(app, path) : page === undefined ? [] : ['GET']
  if (allowed.length > 0 && !allowed.includes(method === 'HEAD' ? 'GET' : method)) {
    const answer = problemAnswer(
      new Problem(405, 'METHOD_NOT_ALLOWED', `${method} does nothing here; ${allowed.join(' and ')} does`),
    )
    answer.headers.set('allow', allowed.join(', '))
    return answer
  }
  if (!isApi && page !== undefined) return await page(path)
  throw new Problem(404, 'NOT_FOUND', `There is nothing at ${JSON.stringify(path.slice(0, 200))}`)
}

/** Of the routes that fit. */
function methodsOf(app: Hono, path: string): string[] {
  const parts = path.split('/')
  const fitting = app.routes.filter(({ path: route, method }) => {
    const pattern = route.split('/')
    return (
      method !== 'ALL' &&
      pattern.length === parts.length &&
      pattern.every((part, at) => part.startsWith(':') || part === parts[at])
    )
  })
  return [...new Set(fitting.map(({ method }) => method))]
}
