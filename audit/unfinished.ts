import type { EmbeddedEngine, RunRecord } from 'ai-workflows'
import type { AuditInput } from './audit.ts'

/** The newest audit of this directory, unless it has come to its end. */
export async function unfinishedAudit(engine: EmbeddedEngine, root: string): Promise<RunRecord | undefined> {
  const runs = await engine.list({ workflow: 'audit' })
  const newest = runs.find(({ input }) => (engine.codec.decode(input) as AuditInput).root === root)
  const over = newest?.status === 'completed' || newest?.status === 'cancelled'
  return over ? undefined : newest
}
