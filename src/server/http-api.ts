/** The HTTP API of an engine, as a function from requests to answers: it can be mounted in any server. */
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { checkOptions, having, positiveInteger } from '../core/check.ts'
import type { WorkflowCode } from '../core/definition.ts'
import { show } from '../core/duration.ts'
import type { Clock } from '../core/ports/clock.ts'
import type { Logger } from '../core/ports/logger.ts'
import { ENDED, type RunRecord } from '../core/ports/store.ts'
import { systemClock } from '../core/system-clock.ts'
import { timelineOf } from '../timeline/timeline-of.ts'
import { apiDetails, apiEntry, apiRun, apiTimeline } from './answers.ts'
import type { ApiJournal, ApiRun, ApiRunDetails, ApiRuns, ApiTimeline, ApiWorkflows } from './api.ts'
import { type Changes, changesOf, changesOfAll, eventStream } from './changes.ts'
import type { ServedEngine } from './engine.ts'
import { refusalOf, SAFE_HEADERS } from './guard.ts'
import { inputSchema } from './input-schema.ts'
import { body, entryPage, listing, type Listing, runId, text } from './parameters.ts'
import { errorBody, Problem, problemOf } from './problems.ts'

export interface HttpApiOptions {
  /**
   * What every request has to bring along, as `Authorization: Bearer …`. Default: none, and only requests for a name of this
   * machine itself (`localhost`, `127.0.0.1`, `[::1]`) are answered.
   */
  readonly token?: string
  /** Those that can be started, and whose runs can be retried. Default: none. Each needs a name of its own. */
  // oxlint-disable-next-line no-explicit-any -- workflows of any inputs, together in one list
  readonly workflows?: readonly WorkflowCode<any, any>[]
  /** Bytes that a body may have. Default: 1 MiB. */
  readonly maxBody?: number
  readonly clock?: Clock
  /** For errors that are nobody's fault but ours. Default: none is told. */
  readonly log?: Logger
}

export interface HttpApi {
  /** Answers a request below `/api`. Never rejects. */
  fetch(request: Request): Promise<Response>
  /** Ends all streams of changes. */
  close(): void
}

/** Pages of the store that one request looks through for runs of a status that is not stored. */
const MOST_PAGES = 20

/**
 * @param engine what `createEngine()` returns. It executes nothing but the runs that are started or retried here
 * @throws {TypeError} a bad option
 */
export function httpApi(engine: ServedEngine, options: HttpApiOptions = {}): HttpApi {
  checkOptions('httpApi()', options, {
    token: checkToken,
    workflows: checkWorkflows,
    maxBody: positiveInteger,
    clock: having('now', 'steady', 'schedule', 'after', 'every'),
    log: having('error'),
  })
  const { token, workflows = [], maxBody = 1024 * 1024, clock = systemClock, log } = options
  const closing = new AbortController()
  const app = new Hono()
  addGuard(app, token, maxBody)
  addReading(app, engine, clock)
  addWriting(
    app,
    engine,
    new Map(workflows.map((each) => [each.name ?? '', each as unknown as WorkflowCode])),
  )
  addChanges(app, engine, clock, closing.signal)
  addProblems(app, log)
  return {
    fetch: async (request) => withSafeHeaders(await app.fetch(request)),
    close: () => closing.abort(),
  }
}

function addGuard(app: Hono, token: string | undefined, maxBody: number): void {
  app.use(async (context, next) => {
    const refusal = refusalOf(context.req.raw, { token })
    if (refusal !== undefined) throw new Problem(refusal.status, refusal.code, refusal.message)
    await next()
  })
  const tooLarge = (): never => {
    throw new Problem(
      413,
      'TOO_LARGE',
      `The body has more than ${maxBody} bytes: send less, or allow more (maxBody)`,
    )
  }
  app.use(bodyLimit({ maxSize: maxBody, onError: tooLarge }))
}

function addChanges(app: Hono, engine: ServedEngine, clock: Clock, closing: AbortSignal): void {
  const stream = (changes: Changes, signal: AbortSignal): Response =>
    new Response(eventStream(engine, clock, changes, AbortSignal.any([signal, closing])), {
      headers: { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' },
    })
  app.get('/api/changes', (context) => stream(changesOfAll(engine), context.req.raw.signal))
  app.get('/api/runs/:id/changes', async (context) => {
    const { id } = await recordOf(engine, context.req.param('id'))
    return stream(changesOf(engine, id), context.req.raw.signal)
  })
}

function addProblems(app: Hono, log: Logger | undefined): void {
  app.notFound(() => {
    throw new Problem(
      404,
      'NOT_FOUND',
      'There is nothing at this address: see the documentation of the HTTP API',
    )
  })
  app.onError((thrown, context) => {
    const problem = problemOf(thrown)
    if (problem !== undefined) return context.json(errorBody(problem), problem.status)
    log?.error('The HTTP API could not answer', { path: context.req.path, error: thrown })
    return context.json(
      errorBody({ code: 'INTERNAL', message: 'An error inside the server: its log says which' }),
      500,
    )
  })
}

function addReading(app: Hono, engine: ServedEngine, clock: Clock): void {
  app.get('/api/runs', async (context) =>
    context.json((await listed(engine, listing(new URL(context.req.url).searchParams))) satisfies ApiRuns),
  )
  app.get('/api/runs/:id', async (context) => {
    const { id } = await recordOf(engine, context.req.param('id'))
    return context.json((await apiDetails(engine, await engine.inspect(id))) satisfies ApiRunDetails)
  })
  app.get('/api/runs/:id/timeline', async (context) => {
    const { id } = await recordOf(engine, context.req.param('id'))
    const run = await engine.inspect(id)
    const { status } = await apiRun(engine, run.record)
    const timeline = timelineOf(run, clock.now(), { interrupted: status === 'interrupted' })
    return context.json(apiTimeline(engine.codec, timeline) satisfies ApiTimeline)
  })
  app.get('/api/runs/:id/journal', async (context) => {
    const { after, limit } = entryPage(new URL(context.req.url).searchParams)
    const { id } = await recordOf(engine, context.req.param('id'))
    const { journal } = await engine.inspect(id)
    const entries = journal.slice(after, after + limit).map((entry) => apiEntry(engine.codec, entry))
    const next = after + entries.length
    return context.json({ entries, ...(next < journal.length && { next }) } satisfies ApiJournal)
  })
}

function addWriting(app: Hono, engine: ServedEngine, workflows: ReadonlyMap<string, WorkflowCode>): void {
  const codeOf = ({ id, workflow = '' }: RunRecord): WorkflowCode => {
    const code = workflows.get(workflow)
    if (code !== undefined) return code
    const problem = `Run ${show(id)} is of workflow ${show(workflow)}, whose code is not at hand here: it knows ${names(workflows)}`
    throw new Problem(409, 'WORKFLOW_NOT_FOUND', problem)
  }
  app.get('/api/workflows', (context) => {
    const known = [...workflows.values()].map(({ name = '', definition }) => {
      const schema = inputSchema(definition.input)
      return { name, ...(schema !== undefined && { inputSchema: schema }) }
    })
    return context.json({ workflows: known } satisfies ApiWorkflows)
  })
  app.post('/api/runs', async (context) => {
    const given = await body(context.req.raw, ['workflow', 'input', 'id'])
    const name = text(given.workflow, 'workflow')
    const code = workflows.get(name)
    if (code === undefined)
      throw new Problem(
        404,
        'WORKFLOW_NOT_FOUND',
        `No workflow ${show(name)} can be started here: it knows ${names(workflows)}`,
      )
    const id = given.id === undefined ? {} : { id: runId(text(given.id, 'id')) }
    const run = await engine.start(code, given.input as never, id)
    return context.json((await apiRun(engine, await recordOf(engine, run.id))) satisfies ApiRun, 201)
  })
  app.post('/api/runs/:id/cancel', async (context) => {
    const given = await body(context.req.raw, ['reason'])
    const record = await recordOf(engine, context.req.param('id'))
    requireOpen(record, 'cancelled')
    await handleOf(engine, workflows, record).cancel(given.reason)
    return context.json((await apiRun(engine, await recordOf(engine, record.id))) satisfies ApiRun, 202)
  })
  app.post('/api/runs/:id/retry', async (context) => {
    const given = await body(context.req.raw, ['fromStep'])
    const record = await recordOf(engine, context.req.param('id'))
    const fromStep = given.fromStep === undefined ? {} : { fromStep: text(given.fromStep, 'fromStep') }
    await engine.get(codeOf(record), record.id).retry(fromStep)
    return context.json((await apiRun(engine, await recordOf(engine, record.id))) satisfies ApiRun, 202)
  })
  app.post('/api/runs/:id/events', async (context) => {
    const given = await body(context.req.raw, ['name', 'payload'])
    const name = text(given.name, 'name')
    const record = await recordOf(engine, context.req.param('id'))
    requireOpen(record, 'sent events')
    await handleOf(engine, workflows, record).signal(name, given.payload)
    return context.json((await apiRun(engine, await recordOf(engine, record.id))) satisfies ApiRun, 202)
  })
}

async function listed(engine: ServedEngine, { filter, statuses, limit, before }: Listing): Promise<ApiRuns> {
  const runs: ApiRun[] = []
  let from = before
  for (let page = 0; page < MOST_PAGES; page++) {
    const records = await engine.list(filter, { limit, ...(from !== undefined && { before: from }) })
    for (const record of records) {
      from = record.no
      const run = await apiRun(engine, record)
      if (statuses === undefined || statuses.has(run.status)) runs.push(run)
      if (runs.length === limit) return { runs, next: from }
    }
    if (records.length < limit) return { runs }
  }
  return { runs, ...(from !== undefined && { next: from }) }
}

/** @throws {Problem} there is no such run */
async function recordOf(engine: ServedEngine, id: string): Promise<RunRecord> {
  const record = await engine.lookUp(runId(id))
  if (record === undefined) throw new Problem(404, 'RUN_NOT_FOUND', `There is no run ${show(id)}`)
  return record
}

function handleOf(
  engine: ServedEngine,
  workflows: ReadonlyMap<string, WorkflowCode>,
  { id, workflow = '' }: RunRecord,
): ReturnType<ServedEngine['find']> {
  const code = workflows.get(workflow)
  return code === undefined ? engine.find(id) : engine.get(code, id)
}

function requireOpen({ id, status }: RunRecord, what: string): void {
  if (ENDED.has(status))
    throw new Problem(409, 'RUN_ENDED', `Run ${show(id)} has ended (${status}): it can no longer be ${what}`)
}

function names(workflows: ReadonlyMap<string, WorkflowCode>): string {
  return workflows.size === 0 ? 'none (httpApi option workflows)' : [...workflows.keys()].map(show).join(', ')
}

function withSafeHeaders(response: Response): Response {
  const headers = new Headers(response.headers)
  for (const [name, value] of Object.entries(SAFE_HEADERS)) headers.set(name, value)
  return new Response(response.body, { status: response.status, headers })
}

function checkToken(value: unknown, what: string): void {
  if (typeof value !== 'string' || value.length < 16 || /\s/.test(value))
    throw new TypeError(
      `${what}: expected at least 16 characters without spaces, got ${typeof value === 'string' ? `${value.length} characters` : show(value)}`,
    )
}

function checkWorkflows(value: unknown, what: string): void {
  if (!Array.isArray(value))
    throw new TypeError(`${what}: expected an array of workflows, got ${show(value)}`)
  const known = new Set<string>()
  for (const { name } of value as readonly WorkflowCode[]) {
    if (name === undefined) throw new TypeError(`${what}: a workflow without a name cannot be started by it`)
    if (known.has(name)) throw new TypeError(`${what}: two workflows are called ${show(name)}`)
    known.add(name)
  }
}
