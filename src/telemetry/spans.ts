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
import { messageOf } from '../core/errors.ts'
import { ERROR_TYPE, errorType } from './attributes.ts'
import { mention, safely } from './safely.ts'

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
  })
  safely(() => span.end())
}

/** Calls `body` in any case: a context manager is somebody else's code. */
export function callIn<T>(where: Context, body: () => T): T {
  let called = false
  try {
    return context.with(where, () => {
      called = true
      return body()
    })
  } catch (error) {
    if (called) throw error
    mention(error)
    return body()
  }
}

function fail(span: Span, error: unknown): void {
  if (!span.isRecording()) return
  const message = messageOf(error)
  span.setAttribute(ERROR_TYPE, errorType(error))
  span.setStatus({ code: SpanStatusCode.ERROR, message })
  span.recordException(error instanceof Error ? error : message)
}
