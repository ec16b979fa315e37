/** End to end: two processes with a real SDK and exporter, the first of them killed, and what a collector gets of it. */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { startVictim } from '../crash/support/victim.ts'
import { folder } from '../support/folder.ts'

interface OtlpSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[]
}

interface OtlpRequest {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly {
      readonly scope: { readonly name: string }
      readonly spans: readonly OtlpSpan[]
    }[]
  }[]
}

/** What a collector does of OTLP/HTTP: takes `POST /v1/traces`, in JSON. */
async function collector(): Promise<{ readonly url: string; readonly spans: readonly OtlpSpan[] }> {
  const spans: OtlpSpan[] = []
  const take = async (request: IncomingMessage): Promise<number> => {
    if (request.method !== 'POST' || request.url !== '/v1/traces') return 404
    const { resourceSpans } = (await json(request)) as OtlpRequest
    for (const { scopeSpans } of resourceSpans) for (const scope of scopeSpans) spans.push(...scope.spans)
    return 200
  }
  const server = createServer((request, response) => {
    void take(request).then((status) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end('{}'),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, spans }
}

test('a run that survives its process: two traces, the second linked to the first, and nothing twice', async () => {
  const dir = folder()
  const { url, spans } = await collector()
  const program = fileURLToPath(new URL('support/exporting.ts', import.meta.url))
  const first = startVictim(program, [dir, url, 'first'])
  while (!first.lines.includes('hangs')) {
    if (first.process.exitCode !== null) throw new Error((await first.ended).stderr)
    await pause(5)
  }
  first.kill('SIGKILL')
  await first.ended
  const before = spans.map(({ name }) => name)
  expect(before).toEqual(['POST /charges', 'step charge', 'POST /mails', 'step mail'])
  const second = startVictim(program, [dir, url, 'second'])
  const { code, stderr } = await second.ended
  expect([code, stderr]).toEqual([0, ''])

  const named = (name: string): OtlpSpan => {
    const [span, ...more] = spans.filter((one) => one.name === name)
    if (span === undefined || more.length > 0) throw new Error(`${more.length} more of ${name}`)
    return span
  }
  const parentOf = (span: OtlpSpan): string | undefined =>
    spans.find(({ spanId }) => spanId === span.parentSpanId)?.name
  expect(spans.slice(before.length).map(({ name }) => name)).toEqual([
    'POST /parcels',
    'step ship',
    'parallel notify',
    'run orders',
  ])
  expect(parentOf(named('POST /charges'))).toBe('step charge')
  expect(parentOf(named('POST /parcels'))).toBe('step ship')
  expect(parentOf(named('step ship'))).toBe('parallel notify')
  expect(parentOf(named('parallel notify'))).toBe('run orders')
  // The first span of the run died with its process: what it was is known from the journal.
  const { traceId, parentSpanId: lost } = named('step charge')
  expect(named('run orders').links).toMatchObject([{ traceId, spanId: lost }])
  expect(named('run orders').traceId).not.toBe(traceId)
})
