/** A span's identity as text, in the form of W3C's `traceparent`. */
import { isSpanContextValid, type Span, type SpanContext } from '@opentelemetry/api'
import { safely } from './safely.ts'

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/

/** @returns undefined of a span that nobody can refer to: there is no SDK */
export function originOf(span: Span | undefined): string | undefined {
  let origin: string | undefined
  safely(() => {
    const own = span?.spanContext()
    if (own === undefined || !isSpanContextValid(own)) return
    origin = `00-${own.traceId}-${own.spanId}-${own.traceFlags.toString(16).padStart(2, '0')}`
  })
  return origin
}

/** @returns undefined for what a later version may have written otherwise */
export function readOrigin(origin: string | undefined): SpanContext | undefined {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(origin ?? '') ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true }
}
