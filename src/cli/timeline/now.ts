import type { EmbeddedEngine } from '../../engine/embedded-engine.ts'
import { timelineOf } from '../../timeline/timeline-of.ts'
import type { Timeline } from '../../timeline/timeline.ts'
import { summaryOf } from '../runs/summary.ts'

/** Of a run as it is at this moment. @throws {RunNotFoundError} */
export async function timelineNow(engine: EmbeddedEngine, id: string): Promise<Timeline> {
  const details = await engine.inspect(id)
  const { status } = await summaryOf(engine, details.record)
  return timelineOf(details, Date.now(), { interrupted: status === 'interrupted' })
}
