/** Which families of runs retention may delete. */
import { ENDED, type PruneRequest } from '../../core/ports/store.ts'
import type { MemoryRun } from './run.ts'

export function* familiesToPrune(
  runs: readonly (MemoryRun | undefined)[],
  { endedBefore }: PruneRequest,
): Generator<readonly MemoryRun[]> {
  const children = Map.groupBy(
    runs.filter((run) => run !== undefined),
    ({ record }) => record.parent?.id,
  )
  for (const root of children.get(undefined) ?? []) {
    const { status, endedAt } = root.record
    const before = (endedBefore as Readonly<Record<string, number | undefined>>)[status]
    if (endedAt === undefined || before === undefined || endedAt >= before) continue
    const family = [root]
    for (const member of family) family.push(...(children.get(member.record.id) ?? []))
    if (family.every(({ record }) => ENDED.has(record.status))) yield family
  }
}
