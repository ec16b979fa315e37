import { context, metrics, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'

/** A value of a metric, with the attributes that it was measured under. */
export interface Measured {
  readonly attributes: Readonly<Record<string, unknown>>
  /** Of a histogram: how many values, and their sum. */
  readonly value: number | { readonly count: number; readonly sum: number }
}

/** An OpenTelemetry SDK, registered for the whole process, that keeps what it is given. */
export interface Sdk {
  /** Those that have ended, in that order. */
  spans(): readonly ReadableSpan[]
  /** The only span that has ended under this name. */
  span(name: string): ReadableSpan
  named(name: string): readonly ReadableSpan[]
  /** Names from the outermost span to this one, as far as they have ended. */
  pathOf(span: ReadableSpan): string
  measured(metric: string): Promise<readonly Measured[]>
  /** Forgets the spans so far. */
  reset(): void
  end(): Promise<void>
}

export function registerSdk(): Sdk {
  const exporter = new InMemorySpanExporter()
  const tracing = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
  const measures = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter: measures, exportIntervalMillis: 3_600_000 })
  const metering = new MeterProvider({ readers: [reader] })
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  trace.setGlobalTracerProvider(tracing)
  metrics.setGlobalMeterProvider(metering)
  const spans = (): readonly ReadableSpan[] => exporter.getFinishedSpans()
  const named = (name: string): readonly ReadableSpan[] => spans().filter((span) => span.name === name)
  const parentOf = ({ parentSpanContext: parent }: ReadableSpan): ReadableSpan | undefined =>
    spans().find((span) => span.spanContext().spanId === parent?.spanId)
  const pathOf = (span: ReadableSpan): string => {
    const parent = parentOf(span)
    return parent === undefined ? span.name : `${pathOf(parent)} > ${span.name}`
  }
  return {
    spans,
    named,
    pathOf,
    span(name) {
      const [span, ...more] = named(name)
      if (span !== undefined && more.length === 0) return span
      const all = spans().map((one) => one.name)
      throw new Error(`expected one span ${JSON.stringify(name)}, got ${JSON.stringify(all)}`)
    },
    async measured(metric) {
      await reader.forceFlush()
      const latest = measures.getMetrics().at(-1)
      const found = latest?.scopeMetrics
        .flatMap((scope) => scope.metrics)
        .find(({ descriptor }) => descriptor.name === metric)
      return (found?.dataPoints ?? []).map(({ attributes, value }) => ({
        attributes,
        value:
          typeof value === 'number' ? value : { count: value.count, sum: (value as { sum: number }).sum },
      }))
    },
    reset: () => exporter.reset(),
    async end() {
      trace.disable()
      metrics.disable()
      context.disable()
      await Promise.all([tracing.shutdown(), metering.shutdown()])
    },
  }
}
