import {
  type Attributes,
  type Context,
  context,
  type Link,
  type Span,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api'
import { ERROR_TYPE, errorType } from './attributes.ts'
import { safely } from './safely.ts'

/** A span, and the context in which it is the current one. */
export interface Opened {
  /** Undefined: the SDK threw. */
  readonly span: Span | undefined
  readonly context: Context
}

export function open(
  tracer: Tracer,
  name: string,
  parent: Context,
  attributes: Attributes,
  links: Link[] = [],
): Opened {
  let opened: Opened = { span: undefined, context: parent }
  safely(() => {
    const span = tracer.startSpan(name, { attributes, links }, parent)
    opened = { span, context: trace.setSpan(parent, span) }
  })
  return opened
}

/** @param failure it has failed, with this */
export function close({ span }: Opened, attributes: Attributes, failure?: { readonly error: unknown }): void {
  if (span === undefined) return
  safely(() => {
    span.setAttributes(attributes)
    if (failure !== undefined) fail(span, failure.error)
    span.end()
  })
}

/** `context.with` calls `body` in any case, unless what it has as a context manager throws before. */
export function callIn<T>(where: Context, body: () => T): T {
  return context.with(where, body)
}

function fail(span: Span, error: unknown): void {
  if (!span.isRecording()) return
  const shown = error instanceof Error ? error : String(error)
  span.recordException(shown)
  span.setAttribute(ERROR_TYPE, errorType(error))
  span.setStatus({ code: SpanStatusCode.ERROR, message: typeof shown === 'string' ? shown : shown.message })
}
