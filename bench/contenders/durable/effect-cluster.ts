import { join } from 'node:path'
import type { DurableContender } from '../../contender.ts'
import { countIn } from './support/count.ts'

const ANSWERED_ACTIVITIES = `select count(*) from cluster_messages m join cluster_replies r on r.request_id = m.id
  where m.tag = 'activity' and r.kind = 0`

export const contender: DurableContender = {
  name: 'Effect workflow, cluster',
  kind: 'peer',
  package: '@effect/workflow',
  durability:
    'SingleRunner over @effect/sql-sqlite-node, WAL; the driver is built with synchronous=NORMAL, the benchmark sets FULL',
  scenarios: { A: 'comparable', B: 'comparable', C: 'comparable', D: 'comparable' },
  open: async (place) => {
    const { Effect, Layer } = await import('effect')
    const { ClusterWorkflowEngine, SingleRunner } = await import('@effect/cluster')
    const { SqliteClient } = await import('@effect/sql-sqlite-node')
    const { SqlClient } = await import('@effect/sql')
    const { openEffect } = await import('./support/effect.ts')
    const file = join(place.directory, 'effect.db')
    const synced = Layer.effectDiscard(
      Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe('pragma synchronous = full')),
    )
    const database = synced.pipe(Layer.provideMerge(SqliteClient.layer({ filename: file })))
    const runner = SingleRunner.layer({ runnerStorage: 'sql' }).pipe(Layer.provideMerge(database))
    const recorded = async (): Promise<number> => countIn(file, ANSWERED_ACTIVITIES)
    return openEffect(place, ClusterWorkflowEngine.layer.pipe(Layer.provide(runner)), recorded)
  },
}
