import { checkOptions, having, positiveInteger } from '../core/check.ts'
import { show } from '../core/duration.ts'
import type { WorkflowCode } from '../core/definition.ts'
import type { Clock } from '../core/ports/clock.ts'
import { systemClock } from '../core/system-clock.ts'
import type { ServedEngine } from './engine.ts'
import { type HttpApi, serve } from './serve.ts'
import { isToken } from './token.ts'

export interface HttpApiOptions {
  /** Workflows that can be started, and whose runs can be retried. Each needs a name of its own. Default: none. */
  // oxlint-disable-next-line no-explicit-any -- workflows of any inputs, together in one list
  readonly workflows?: readonly WorkflowCode<any>[]
  /** Whoever asks must have it: as `Authorization: Bearer …`, or once as `?token=…`, for a cookie. Default: nobody needs one. */
  readonly token?: string
  /** Host names that are served, beside those of loopback. `['*']`: any; only together with a token, or behind something that checks. */
  readonly hosts?: readonly string[]
  /** Bytes of a request's body at most. Default: 1 MiB. */
  readonly maxBody?: number
  /** Streams of changes at once, at most. Default: 100. */
  readonly maxStreams?: number
  readonly clock?: Clock
}

const CHECKS = {
  workflows,
  token,
  hosts: names,
  maxBody: positiveInteger,
  maxStreams: positiveInteger,
  clock: having('now', 'every', 'after'),
}

/**
 * The HTTP API over an engine, for any server that knows Web-standard requests: `Deno.serve(api.fetch)`, a route of Hono or Next.js.
 * It sees every run of the engine's store, and starts and retries those of `workflows` here.
 * @throws {TypeError} a bad option
 */
export function httpApi(engine: ServedEngine, options: HttpApiOptions = {}): HttpApi {
  having('list', 'inspect', 'start')(engine, 'httpApi() engine')
  checkOptions('httpApi()', options, CHECKS)
  return serve(() => engine, {
    workflows: (options.workflows ?? []).map((code) => ({ code, source: undefined })),
    guard: { token: options.token, hosts: (options.hosts ?? []).map((each) => each.toLowerCase()) },
    maxBody: options.maxBody ?? 1024 * 1024,
    maxStreams: options.maxStreams ?? 100,
    clock: options.clock ?? systemClock,
    page: undefined,
    report: undefined,
  })
}

function workflows(value: unknown, what: string): void {
  if (!Array.isArray(value))
    throw new TypeError(`${what}: expected an array of workflows, got ${show(value)}`)
  const known = new Set<string>()
  for (const [at, each] of value.entries()) {
    const { name } = Object(each) as { readonly name?: unknown }
    if (typeof name !== 'string' || typeof (Object(each) as Partial<WorkflowCode>).definition !== 'object')
      throw new TypeError(`${what}[${at}]: expected a workflow with a name, got ${show(each)}`)
    if (known.has(name))
      throw new TypeError(`${what}: two are called ${show(name)}: each needs a name of its own`)
    known.add(name)
  }
}

function token(value: unknown, what: string): void {
  if (!isToken(value))
    throw new TypeError(`${what}: expected at least 16 letters, digits or ._~+/=- that nobody can guess`)
}

function names(value: unknown, what: string): void {
  if (!Array.isArray(value) || !value.every((each) => typeof each === 'string' && each !== ''))
    throw new TypeError(`${what}: expected an array of host names, got ${show(value)}`)
}
