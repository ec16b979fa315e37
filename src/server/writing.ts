/** Routes that change something. */
import type { Hono } from 'hono'
import { ENDED } from '../core/ports/store.ts'
import type { ApiAccepted, ApiRun } from './api.ts'
import { bodyOf } from './body.ts'
import { named } from './parameters.ts'
import { Problem } from './problems.ts'
import type { Served } from './served.ts'

export function addWriting(app: Hono, served: Served, maxBody: number): void {
  app.post('/api/runs', async (context) => {
    const body = await bodyOf(context.req.raw, maxBody, ['workflow', 'input', 'id'])
    const { code, source } = served.workflow(named(body['workflow'], '"workflow"'))
    const engine = await served.source()
    const { id } = await engine.start(code, body['input'], {
      ...(body['id'] !== undefined && { id: named(body['id'], '"id"') }),
      ...(source !== undefined && { source }),
    })
    return context.json((await served.shown(id)) satisfies ApiRun, 201)
  })
  app.post('/api/runs/:id/cancel', async (context) => {
    const { reason } = await bodyOf(context.req.raw, maxBody, ['reason'])
    const { engine, record } = await served.run(context.req.param('id'))
    await engine.find(record.id).cancel(reason)
    // Of one that nobody executes, its own code has to end it.
    const code = served.codeOf(record)
    if (code !== undefined && !ENDED.has(record.status) && (await engine.executorOf(record)) === undefined)
      await engine.takeUp(code, record)
    return context.json({ run: await served.shown(record.id) } satisfies ApiAccepted, 202)
  })
  app.post('/api/runs/:id/retry', async (context) => {
    const { fromStep } = await bodyOf(context.req.raw, maxBody, ['fromStep'])
    const { engine, record } = await served.run(context.req.param('id'))
    const code = served.codeOf(record)
    if (code === undefined)
      throw new Problem(
        409,
        'WORKFLOW_NOT_FOUND',
        `The code of run ${JSON.stringify(record.id)} is not at hand here: ${served.names}. \`ai-workflows retry\` can do it`,
      )
    const key = fromStep === undefined ? undefined : named(fromStep, '"fromStep"')
    await engine.get(code, record.id).retry(key === undefined ? {} : { fromStep: key })
    return context.json({ run: await served.shown(record.id) } satisfies ApiAccepted, 202)
  })
  app.post('/api/runs/:id/events', async (context) => {
    const { name, payload } = await bodyOf(context.req.raw, maxBody, ['name', 'payload'])
    const event = named(name, '"name"')
    const { engine, record } = await served.run(context.req.param('id'))
    await engine.find(record.id).signal(event, payload)
    return context.json({ run: await served.shown(record.id) } satisfies ApiAccepted, 202)
  })
}
