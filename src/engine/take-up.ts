/** Which runs an engine takes up when it is told the workflows. */
import type { WorkflowCode } from '../core/definition.ts'
import { StoreError } from '../core/errors.ts'
import { ENDED, type RunRecord } from '../core/ports/store.ts'
import { eachRun } from './each-run.ts'
import type { RunService } from './run-service.ts'

/**
 * Takes up every unfinished run of the workflows that nobody executes, and looks after those that wait.
 * @returns the runs that are executed now
 */
export async function resumeAll(
  service: RunService,
  workflows: readonly WorkflowCode[],
): Promise<(readonly [RunRecord, WorkflowCode])[]> {
  const { executor, parts } = service
  const byName = new Map(workflows.map((one) => [one.name, one]))
  const taken: (readonly [RunRecord, WorkflowCode])[] = []
  await parts.ownership.removeDead()
  for (const workflow of byName.values()) await executor.adopt(workflow)
  for await (const record of eachRun(parts.store, { status: ['pending', 'running'] })) {
    const known = record.workflow === undefined ? undefined : byName.get(record.workflow)
    if (known === undefined || (await hasLivingParent(service, record))) continue
    if (await resumeOne(service, record, known)) taken.push([record, known])
  }
  return taken
}

/** A run that cannot be read must not keep the others from going on. */
async function resumeOne(
  { executor, parts }: RunService,
  record: RunRecord,
  workflow: WorkflowCode,
): Promise<boolean> {
  try {
    return (await executor.take(record, workflow)) !== undefined
  } catch (error) {
    if (!(error instanceof StoreError && error.problem === 'corrupt')) throw error
    parts.log.error(`Run ${record.id} cannot be resumed`, { run: record.id, error })
    return false
  }
}

/** A child is taken up by its parent; one whose parent has ended was told to end, and does so by itself. */
async function hasLivingParent({ parts }: RunService, { parent }: RunRecord): Promise<boolean> {
  const record = parent === undefined ? undefined : await parts.store.getRun(parent.id)
  return record !== undefined && !ENDED.has(record.status)
}

/** @throws {TypeError} a workflow without a name, or two of one name: whose runs would be taken up? */
// oxlint-disable-next-line no-explicit-any -- workflows of any inputs, together in one list
export function requireNames(workflows: readonly WorkflowCode<any>[]): void {
  const names = new Set<string>()
  for (const { name } of workflows) {
    if (name === undefined)
      throw new TypeError('work(): a workflow without a name cannot be found by it: give it a `name`')
    if (names.has(name)) throw new TypeError(`work(): two workflows are called ${JSON.stringify(name)}`)
    names.add(name)
  }
}
