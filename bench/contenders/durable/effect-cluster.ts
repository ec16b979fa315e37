import { join } from 'node:path'
import type { DurableContender } from '../../contender.ts'

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
    const synced = Layer.effectDiscard(
      Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe('pragma synchronous = full')),
    )
    const database = synced.pipe(
      Layer.provideMerge(SqliteClient.layer({ filename: join(place.directory, 'effect.db') })),
    )
    const runner = SingleRunner.layer({ runnerStorage: 'sql' }).pipe(Layer.provideMerge(database))
    return openEffect(place, ClusterWorkflowEngine.layer.pipe(Layer.provide(runner)))
  },
}
