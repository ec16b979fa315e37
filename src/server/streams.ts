/** The route that tells of changes for as long as the client stays. */
import type { Hono } from 'hono'
import type { Clock } from '../core/ports/clock.ts'
import { ChangedRun } from './changed-run.ts'
import { ChangedRuns } from './changed-runs.ts'
import { type EventQueue, eventStream, STREAM_HEADERS } from './event-stream.ts'
import { followed } from './parameters.ts'
import { Problem } from './problems.ts'
import type { Served } from './served.ts'
import { Watch } from './watch.ts'

interface StreamOptions {
  readonly clock: Clock
  readonly maxStreams: number
  readonly report: (error: unknown) => void
}

/** @returns ends all of them */
export function addStream(
  app: Hono,
  served: Served,
  { clock, maxStreams, report }: StreamOptions,
): () => void {
  const watch = new Watch(served.source, clock, report)
  const open = new Map<object, () => void>()
  app.get('/api/changes', ({ req: { raw } }) => {
    const { method, signal, url } = raw
    const ids = followed(new URL(url).searchParams)
    // Nobody would read it, and so nobody end it.
    if (method === 'HEAD') return new Response(null, { headers: STREAM_HEADERS })
    if (open.size >= maxStreams)
      throw new Problem(
        503,
        'TOO_MANY_STREAMS',
        `There are ${open.size} streams of changes already, which is the most: close some, or ask again later`,
      )
    const self = {}
    const { answer, end } = eventStream(clock, signal, (wake) => {
      const queues = [new ChangedRuns(watch, wake), ...ids.map((id) => new ChangedRun(watch, wake, id))]
      return inTurn(queues, () => open.delete(self))
    })
    if (!signal.aborted) open.set(self, end)
    return answer
  })
  return () => {
    for (const end of open.values()) end()
  }
}

/** One queue of several: those that come first are emptied first. */
function inTurn(queues: readonly EventQueue[], onEnd: () => void): EventQueue {
  return {
    next() {
      for (const queue of queues) {
        const event = queue.next()
        if (event !== undefined) return event
      }
      return undefined
    },
    end() {
      onEnd()
      for (const queue of queues) queue.end()
    },
  }
}
