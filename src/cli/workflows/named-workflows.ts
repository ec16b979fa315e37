import type { ServedWorkflow } from '../../server/served.ts'
import { usageError } from '../failure.ts'
import { loadWorkflowFile } from './workflow-file.ts'

/**
 * The workflows of several files that have a name, by which their runs are found, and where each was found.
 * @throws {CommandError} two have one name
 */
export async function namedWorkflows(files: readonly string[]): Promise<ServedWorkflow[]> {
  const found = new Map<string, ServedWorkflow>()
  for (const file of files) {
    const { workflows, path } = await loadWorkflowFile(file)
    for (const { code } of workflows) {
      if (code.name === undefined) continue
      if (found.has(code.name) && found.get(code.name)?.code !== code)
        throw usageError(
          `${path} has a second workflow called ${JSON.stringify(code.name)}: each needs a name of its own`,
        )
      found.set(code.name, { code, source: path })
    }
  }
  return [...found.values()]
}

/**
 * The same, for commands that do nothing without one.
 * @throws {CommandError} two have one name, or none has any
 */
export async function someNamedWorkflows(files: readonly string[]): Promise<ServedWorkflow['code'][]> {
  const found = await namedWorkflows(files)
  if (found.length === 0)
    throw usageError('None of the workflows has a name, so their runs cannot be found: give them names')
  return found.map(({ code }) => code)
}
