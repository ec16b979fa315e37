import type { WorkflowCode } from '../../core/definition.ts'
import { usageError } from '../failure.ts'
import { loadWorkflowFile } from './workflow-file.ts'

/**
 * The workflows of several files, by whose names runs are found.
 * @throws {CommandError} two have one name, or none has any
 */
export async function namedWorkflows(files: readonly string[]): Promise<WorkflowCode[]> {
  const found = new Map<string, WorkflowCode>()
  for (const file of files) {
    const { workflows, path } = await loadWorkflowFile(file)
    for (const { code } of workflows) {
      if (code.name === undefined) continue
      if (found.has(code.name) && found.get(code.name) !== code)
        throw usageError(
          `${path} has a second workflow called ${JSON.stringify(code.name)}: each needs a name of its own`,
        )
      found.set(code.name, code)
    }
  }
  if (found.size === 0)
    throw usageError('None of the workflows has a name, so their runs cannot be found: give them names')
  return [...found.values()]
}
