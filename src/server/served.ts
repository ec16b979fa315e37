import { erased, type WorkflowCode } from '../core/definition.ts'
import { quote, RunNotFoundError } from '../core/errors.ts'
import type { RunRecord } from '../core/ports/store.ts'
import type { ApiRun } from './api.ts'
import type { EngineSource, ServedEngine } from './engine.ts'
import { named } from './parameters.ts'
import { Problem } from './problems.ts'
import { runMaker } from './runs.ts'

/** A workflow that can be started here, and the file that it is in, where that is known. */
export interface ServedWorkflow {
  // oxlint-disable-next-line no-explicit-any -- workflows of any inputs, together in one list
  readonly code: WorkflowCode<any>
  readonly source: string | undefined
}

/** What the routes answer from. */
export class Served {
  readonly source: EngineSource
  readonly workflows: ReadonlyMap<string, ServedWorkflow>

  constructor(source: EngineSource, workflows: readonly ServedWorkflow[]) {
    this.source = source
    this.workflows = new Map(workflows.map((each) => [each.code.name ?? '', each]))
  }

  /** @throws {Problem | RunNotFoundError} */
  async run(id: string): Promise<{ readonly engine: ServedEngine; readonly record: RunRecord }> {
    named(id, 'The id of the run')
    const engine = await this.source()
    const record = await engine.lookUp(id)
    if (record === undefined) throw new RunNotFoundError(id, 'the runs that are served here')
    return { engine, record }
  }

  async shown(id: string): Promise<ApiRun> {
    const { engine, record } = await this.run(id)
    return await runMaker(engine)(record)
  }

  codeOf({ workflow }: RunRecord): WorkflowCode | undefined {
    const found = workflow === undefined ? undefined : this.workflows.get(workflow)
    return found && erased(found.code)
  }

  /** @throws {Problem} it cannot be started here */
  workflow(name: string): ServedWorkflow {
    const found = this.workflows.get(name)
    if (found !== undefined) return found
    throw new Problem(404, 'WORKFLOW_NOT_FOUND', `There is no workflow ${quote(name)} here; ${this.names}`)
  }

  get names(): string {
    const names = [...this.workflows.keys()]
    if (names.length === 0) return 'none was given when this server was started'
    return `there is ${names.slice(0, 10).map(quote).join(', ')}${names.length > 10 ? ` and ${names.length - 10} more` : ''}`
  }
}
