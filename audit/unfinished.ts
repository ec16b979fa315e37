import { isDeepStrictEqual } from 'node:util'
import type { EmbeddedEngine, RunRecord } from 'ai-workflows'
import type { AuditInput } from './audit.ts'

/** The newest audit of this directory for this report, unless it has come to its end. */
export async function unfinishedAudit(
  engine: EmbeddedEngine,
  wanted: AuditInput,
): Promise<RunRecord | undefined> {
  const runs = await engine.list({ workflow: 'audit' })
  const newest = runs.find(({ input }) => isDeepStrictEqual(engine.codec.decode(input), wanted))
  const over = newest?.status === 'completed' || newest?.status === 'cancelled'
  return over ? undefined : newest
}
