import type { WorkflowCode } from '../../core/definition.ts'
import { quote } from '../../core/errors.ts'
import type { RunRecord } from '../../core/ports/store.ts'
import { EXIT } from '../exit-codes.ts'
import { CommandError, usageError } from '../failure.ts'
import { loadWorkflowFile, type WorkflowFile, workflowNamed } from '../workflows/workflow-file.ts'

/** Finds the code of runs in the files that they were started from, each of which is loaded once. */
export class CodeFinder {
  readonly #file: string | undefined
  readonly #files = new Map<string, Promise<WorkflowFile>>()

  /** @param file where to look instead (`--file`) */
  constructor(file: string | undefined) {
    this.#file = file
  }

  /** @throws {CommandError} the file is not known or does not load, or the workflow is not in it */
  async codeOf(record: RunRecord): Promise<WorkflowCode> {
    const { id, workflow, source } = record
    if (workflow === undefined) {
      const why = 'belongs to a workflow without a name, so it cannot be told which code is its own'
      throw new CommandError(
        EXIT.notFound,
        `Run ${quote(id)} ${why}: give the workflow a name, and start it anew`,
      )
    }
    const path = this.#file ?? source
    if (path === undefined) {
      throw usageError(
        `Run ${quote(id)} was not started by this command, so its code is not known: name the file with --file`,
      )
    }
    const loading = this.#files.get(path) ?? loadWorkflowFile(path)
    this.#files.set(path, loading)
    return workflowNamed(await loading, workflow, id)
  }
}
