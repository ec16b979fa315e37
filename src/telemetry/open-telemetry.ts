/** What `import … from 'ai-workflows/opentelemetry'` gives. */
import { readFileSync } from 'node:fs'
import { type MeterProvider, metrics, trace, type TracerProvider } from '@opentelemetry/api'
import { checkOptions, having } from '../core/check.ts'
import type { RunTrace, Telemetry, TracedRun } from '../core/ports/telemetry.ts'
import { Instruments } from './instruments.ts'
import { RunSpan } from './run-span.ts'

export type { Telemetry } from '../core/ports/telemetry.ts'

export interface OpenTelemetryOptions {
  /** Where spans go. Default: the one that is registered globally, now or later. */
  readonly tracerProvider?: TracerProvider
  /** Where metrics go. Default: the one that is registered globally when this is called. */
  readonly meterProvider?: MeterProvider
}

/** Name and version of the instrumentation, as OpenTelemetry calls it. */
const SCOPE = 'ai-workflows'
const { version: VERSION } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { version: string }

/**
 * Spans of runs, groups, steps and attempts, and metrics of them, for `createEngine({ telemetry })`. An engine does the same by
 * itself when an SDK was registered before it is first used: this is for other providers than the global ones, or an SDK that
 * comes later.
 * @throws {TypeError} a bad option
 */
export function openTelemetry(options: OpenTelemetryOptions = {}): Telemetry {
  checkOptions('openTelemetry()', options, {
    tracerProvider: having('getTracer'),
    meterProvider: having('getMeter'),
  })
  const tracer = (options.tracerProvider ?? trace).getTracer(SCOPE, VERSION)
  const instruments = new Instruments((options.meterProvider ?? metrics).getMeter(SCOPE, VERSION))
  return {
    name: 'OpenTelemetry',
    runBegins: (run: TracedRun): RunTrace => new RunSpan(run, { tracer, instruments }),
  }
}
