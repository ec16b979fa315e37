/** Routes that tell of changes for as long as the client stays. */
import type { Hono } from 'hono'
import type { Clock } from '../core/ports/clock.ts'
import { ChangedRun } from './changed-run.ts'
import { ChangedRuns } from './changed-runs.ts'
import { type EventQueue, eventStream } from './event-stream.ts'
import { Problem } from './problems.ts'
import type { Served } from './served.ts'
import { Watch } from './watch.ts'

interface StreamOptions {
  readonly clock: Clock
  readonly maxStreams: number
}

/** @returns ends all of them */
export function addStreams(app: Hono, served: Served, { clock, maxStreams }: StreamOptions): () => void {
  const watch = new Watch(served.source, clock)
  const open = new Set<() => void>()
  const stream = (signal: AbortSignal, queueOf: (wake: () => void) => EventQueue): Response => {
    if (open.size >= maxStreams)
      throw new Problem(
        503,
        'TOO_MANY_STREAMS',
        `There are ${open.size} streams of changes already, which is the most: close some, or ask again later`,
      )
    const { answer, end } = eventStream(clock, signal, (wake) => {
      const queue = queueOf(wake)
      return {
        next: () => queue.next(),
        end: () => {
          open.delete(ender)
          queue.end()
        },
      }
    })
    const ender = (): void => end()
    if (!signal.aborted) open.add(ender)
    return answer
  }
  app.get('/api/changes', ({ req }) => stream(req.raw.signal, (wake) => new ChangedRuns(watch, wake)))
  app.get('/api/runs/:id/changes', async ({ req }) => {
    const { record } = await served.run(req.param('id'))
    return stream(req.raw.signal, (wake) => new ChangedRun(watch, wake, record.id))
  })
  return () => {
    for (const end of open) end()
  }
}
