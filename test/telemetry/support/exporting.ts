/**
 * A program as users write it: an SDK that exports over OTLP/HTTP is registered, then a workflow is executed. The first process
 * hangs in its last step, to be killed; the second one goes on: `node exporting.ts <directory> <collector> first|second`.
 */
import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { BasicTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { createEngine, parallel, step, workflow } from '../../../src/index.ts'

const [, , dir = '', collector = '', which = ''] = process.argv
const exporter = new OTLPTraceExporter({ url: `${collector}/v1/traces` })
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
trace.setGlobalTracerProvider(provider)
const tracer = trace.getTracer('program')

const call = (name: string): Promise<string> =>
  tracer.startActiveSpan(name, async (span) => {
    await new Promise((resolve) => setImmediate(resolve))
    span.end()
    return name
  })

const flow = workflow({
  name: 'orders',
  execute: async () => {
    await step('charge', () => call('POST /charges'))
    await parallel(
      [
        step('mail', () => call('POST /mails')),
        step('ship', async () => {
          if (which === 'first') await new Promise<never>(() => setInterval(() => undefined, 1000))
          return await call('POST /parcels')
        }),
      ],
      { name: 'notify' },
    )
  },
})

const engine = createEngine({ dir, lease: '1s', heartbeat: '100ms' })
if (which === 'first') {
  await flow.start(undefined, { engine, id: 'order-1' })
  for (;;) {
    const { journal, notes } = await engine.inspect('order-1')
    if (journal.length === 2 && notes.some(({ kind }) => kind === 'trace')) break
    await new Promise((resolve) => setImmediate(resolve))
  }
  await provider.forceFlush()
  process.stdout.write('hangs\n')
} else {
  await engine.work([flow])
  await engine.get(flow, 'order-1').result()
  await engine.stop()
  await provider.shutdown()
  process.stdout.write('done\n')
}
