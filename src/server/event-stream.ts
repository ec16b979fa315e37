/** Server-sent events: an answer that goes on until the client leaves. */
import type { Clock } from '../core/ports/clock.ts'

export interface ServerEvent {
  readonly event: string
  readonly data: unknown
}

/** What there is to tell, kept in a bounded form by whoever knows what can be left out. */
export interface EventQueue {
  /** The next one, and forgets it. */
  next(): ServerEvent | undefined
  /** Nobody listens any more. */
  end(): void
}

/** A connection that nothing is sent over for longer may be taken for dead by what is between. */
const HEARTBEAT = 15_000
/** After how long a client connects again, in milliseconds. */
const RETRY = 2000

/**
 * Nothing is written while the client has not read what was written before: a slow one finds in the queue what is left.
 * @param open given what to call when there is something in the queue
 */
export function eventStream(
  clock: Clock,
  signal: AbortSignal,
  open: (wake: () => void) => EventQueue,
): { readonly answer: Response; end(): void } {
  const bytes = new TextEncoder()
  let queue: EventQueue | undefined
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  const write = (text: string): void => controller?.enqueue(bytes.encode(text))
  const flush = (): void => {
    for (;;) {
      if ((controller?.desiredSize ?? 0) <= 0) return
      const event = queue?.next()
      if (event === undefined) return
      write(textOf(event))
    }
  }
  const stopBeating = clock.every(
    HEARTBEAT,
    () => {
      if ((controller?.desiredSize ?? 0) > 0) write(': still here\n\n')
    },
    true,
  )
  const forget = (): void => {
    controller = undefined
    stopBeating()
    signal.removeEventListener('abort', end)
    queue?.end()
    queue = undefined
  }
  const end = (): void => {
    const open = controller
    forget()
    open?.close()
  }
  const body = new ReadableStream<Uint8Array>({
    start(given) {
      controller = given
      write(`retry: ${RETRY}\n\n`)
      queue = open(flush)
      signal.addEventListener('abort', end)
      if (signal.aborted) end()
    },
    pull: flush,
    cancel: forget,
  })
  const headers = { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' }
  return { answer: new Response(body, { headers }), end }
}

/** JSON has no line breaks of its own, so it is one line of data. */
function textOf({ event, data }: ServerEvent): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}
