import { stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { WorkflowCode } from '../../core/definition.ts'
import { quote } from '../../core/errors.ts'
import { isWorkflow } from '../../core/invoke.ts'
import { workflow } from '../../core/workflow.ts'
import { EXIT } from '../exit-codes.ts'
import { CommandError, usageError } from '../failure.ts'
import { PACKAGE_ROOT } from '../package-root.ts'
import { shellWord } from '../text/printable.ts'
import { loadProblem } from './load-problem.ts'

export interface FoundWorkflow {
  /** The name of the export. */
  readonly label: string
  readonly code: WorkflowCode
}

/** A module that was loaded, and the workflows that it exports. */
export interface WorkflowFile {
  /** Absolute; as given, symbolic links and all, so that a link to the current release is followed anew at a resume. */
  readonly path: string
  readonly workflows: readonly FoundWorkflow[]
}

/** @throws {CommandError} it does not load, or exports no workflow */
export async function loadWorkflowFile(given: string): Promise<WorkflowFile> {
  const path = resolve(given)
  await requireFile(path)
  const workflows = workflowsIn(await importFile(path))
  if (workflows.length === 0) {
    throw usageError(`${path} exports no workflow: write \`export const name = workflow({ … })\``)
  }
  if (workflows.some(({ code }) => isForeign(code))) throw usageError(foreignProblem(path))
  return { path, workflows }
}

/** The workflow to start. */
export function chooseWorkflow({ path, workflows }: WorkflowFile, wanted: string | undefined): WorkflowCode {
  const fitting = wanted === undefined ? workflows : matching(workflows, wanted)
  const [first, second] = fitting
  if (first === undefined) {
    throw new CommandError(
      EXIT.notFound,
      `${path} has no workflow ${quote(wanted ?? '')}; it has ${names(workflows)}`,
    )
  }
  if (second === undefined) return first.code
  throw usageError(
    wanted === undefined
      ? `${path} has ${fitting.length} workflows: choose one with --workflow (${names(workflows)})`
      : `${path} has ${fitting.length} workflows named ${quote(wanted)}: give each a name of its own`,
  )
}

/** The code of an earlier run. */
export function workflowNamed(file: WorkflowFile, name: string, runId: string): WorkflowCode {
  const fitting = file.workflows.filter(({ code }) => code.name === name)
  if (fitting.length === 1 && fitting[0] !== undefined) return fitting[0].code
  if (fitting.length > 1) return chooseWorkflow(file, name)
  throw new CommandError(
    EXIT.notFound,
    `Run ${quote(runId)} is one of workflow ${quote(name)}, but ${file.path} has ${names(file.workflows)}. ` +
      `Nothing was changed: bring the workflow back, or say where it is now with --file`,
  )
}

function matching(workflows: readonly FoundWorkflow[], wanted: string): readonly FoundWorkflow[] {
  const byName = workflows.filter(({ code }) => code.name === wanted)
  return byName.length > 0
    ? byName
    : workflows.filter(({ code, label }) => code.name === undefined && label === wanted)
}

function names(workflows: readonly FoundWorkflow[]): string {
  return workflows
    .map(({ code, label }) => (code.name === undefined ? `${label}, which has no name` : quote(code.name)))
    .join('; ')
}

async function requireFile(path: string): Promise<void> {
  const stats = await stat(path).catch((error: NodeJS.ErrnoException) => {
    const missing = error.code === 'ENOENT' || error.code === 'ENOTDIR'
    throw usageError(missing ? `There is no file ${path}` : `${path} cannot be read: ${error.message}`, error)
  })
  if (!stats.isFile())
    throw usageError(
      `${path} is not a file: give the TypeScript or JavaScript file that exports the workflow`,
    )
}

async function importFile(path: string): Promise<object> {
  try {
    return (await import(pathToFileURL(path).href)) as object
  } catch (error) {
    throw usageError(loadProblem(path, error), error)
  }
}

/** The exports, and for a CommonJS module also the properties of what it exports. */
function workflowsIn(module: object): readonly FoundWorkflow[] {
  const exported = Object.entries(module)
  const inside = exported
    .filter(([label, value]) => label === 'default' && isPlain(value))
    .flatMap(([, value]) => Object.entries(value as object))
  const found = new Map<unknown, FoundWorkflow>()
  // Names before `default`, so that a workflow that is exported twice is called by its name.
  for (const [label, value] of [...exported, ...inside].sort(
    ([a], [b]) => Number(a === 'default') - Number(b === 'default'),
  ))
    if (isWorkflow(value) && !found.has(value))
      found.set(value, { label, code: value as unknown as WorkflowCode })
  return [...found.values()]
}

function isPlain(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !isWorkflow(value)
}

/** Made by another copy of this package: its steps would not know that they are in a run of this one. */
function isForeign(code: WorkflowCode): boolean {
  const ours: unknown = Object.getPrototypeOf(workflow({ execute: () => undefined }))
  return Object.getPrototypeOf(code) !== ours
}

function foreignProblem(path: string): string {
  const here = fileURLToPath(PACKAGE_ROOT)
  let theirs = ''
  try {
    theirs = ` (${createRequire(pathToFileURL(path)).resolve('ai-workflows')})`
  } catch {
    // It was imported by a path.
  }
  return (
    `${path} uses another copy of ai-workflows${theirs} than this command, which is ${here}: the two do not know each ` +
    `other's steps. Run the copy that the file uses: npx ai-workflows run ${shellWord(path)}`
  )
}
