/** Routes that only read. */
import type { Hono } from 'hono'
import type { Clock } from '../core/ports/clock.ts'
import { timelineOf } from '../timeline/timeline-of.ts'
import type {
  ApiJournal,
  ApiRunDetails,
  ApiRuns,
  ApiTimeline,
  ApiValue,
  ApiWorkflow,
  ApiWorkflows,
} from './api.ts'
import { detailsOf, entryOf, partOf, requireValue, timelineDocument } from './details.ts'
import { inputSchema } from './input-schema.ts'
import { entryPage, listing, partOfValue } from './parameters.ts'
import { pageOfRuns, runMaker } from './runs.ts'
import type { Served, ServedWorkflow } from './served.ts'

export function addReading(app: Hono, served: Served, clock: Clock): void {
  app.get('/api/runs', async (context) => {
    const asked = listing(queryOf(context.req.url))
    return context.json((await pageOfRuns(await served.source(), asked)) satisfies ApiRuns)
  })
  app.get('/api/workflows', (context) =>
    context.json({ workflows: [...served.workflows.values()].map(workflowOf) } satisfies ApiWorkflows),
  )
  app.get('/api/runs/:id', async (context) => {
    const { engine, record } = await served.run(context.req.param('id'))
    const details = await engine.inspect(record.id)
    const run = await runMaker(engine)(details.record)
    const retryable = served.codeOf(record) !== undefined
    return context.json(detailsOf(engine.codec, run, details, retryable) satisfies ApiRunDetails)
  })
  app.get('/api/runs/:id/timeline', async (context) => {
    const { engine, record } = await served.run(context.req.param('id'))
    const details = await engine.inspect(record.id)
    const { status } = await runMaker(engine)(details.record)
    const timeline = timelineOf(details, clock.now(), { interrupted: status === 'interrupted' })
    return context.json(timelineDocument(engine.codec, timeline) satisfies ApiTimeline)
  })
  addParts(app, served)
}

function addParts(app: Hono, served: Served): void {
  app.get('/api/runs/:id/journal', async (context) => {
    const { after, limit } = entryPage(queryOf(context.req.url))
    const { engine, record } = await served.run(context.req.param('id'))
    const found = await engine.journal(record, after, limit)
    const last = found.at(-1)?.seq
    const isMore = last !== undefined && (await engine.journal(record, last, 1)).length > 0
    const entries = found.map((entry) => entryOf(engine.codec, entry))
    return context.json({ entries, ...(isMore && { next: last }) } satisfies ApiJournal)
  })
  app.get('/api/runs/:id/value', async (context) => {
    const part = partOfValue(queryOf(context.req.url))
    const { engine, record } = await served.run(context.req.param('id'))
    const { of } = part
    let encoded = typeof of === 'number' ? undefined : record[of]
    if (typeof of === 'number') {
      const [entry] = await engine.journal(record, of - 1, 1)
      if (entry !== undefined && 'payload' in entry.completion) encoded = entry.completion.payload
    }
    return context.json({ value: partOf(engine.codec, requireValue(encoded, of), part) } satisfies ApiValue)
  })
}

function workflowOf({ code }: ServedWorkflow): ApiWorkflow {
  const schema = inputSchema(code.definition.input)
  return { name: code.name ?? '', ...(schema !== undefined && { inputSchema: schema }) }
}

function queryOf(url: string): URLSearchParams {
  return new URL(url).searchParams
}
