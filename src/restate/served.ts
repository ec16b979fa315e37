import { createHash } from 'node:crypto'
import type { WorkflowCode } from '../core/definition.ts'
import { show } from '../core/duration.ts'
import { quote } from '../core/errors.ts'
import { isWorkflow } from '../core/invoke.ts'
import type { ChildEffect } from '../core/ports/effects.ts'
import type { ChildPlace } from './children.ts'
import type { Begin } from './messages.ts'

/** Workflows by the names under which Restate knows them. */
export type Served = ReadonlyMap<string, WorkflowCode>

/** What Restate takes as the name of a service, short of the names that it keeps for itself. */
const SERVICE_NAME = /^(?!(?:restate|openapi)$)[A-Za-z0-9_.-]{1,255}$/i

/** @throws {TypeError} not workflows, no name, a name that Restate does not take, two of one name */
export function servedNames(workflows: unknown): Served {
  const named: (readonly [string | undefined, unknown])[] = Array.isArray(workflows)
    ? workflows.map((one: unknown) => [isWorkflow(one) ? one.name : undefined, one])
    : Object.entries((workflows ?? {}) as Record<string, unknown>)
  if (named.length === 0) throw new TypeError('serve() option "workflows": expected at least one workflow')
  const served = new Map<string, WorkflowCode>()
  for (const [at, [name, one]] of named.entries()) {
    if (!isWorkflow(one))
      throw new TypeError(`serve() option "workflows": expected workflows, got ${show(one)} at ${at}`)
    if (name === undefined)
      throw new TypeError(
        `serve() option "workflows": the workflow at ${at} has no name, so Restate could not find it again: give it one, or say { workflows: { name: workflow } }`,
      )
    requireServiceName(name)
    if (served.has(name)) throw new TypeError(`serve() option "workflows": two are called ${quote(name)}`)
    served.set(name, one as unknown as WorkflowCode)
  }
  return served
}

/** @throws {TypeError} */
export function requireServiceName(name: string): void {
  if (!SERVICE_NAME.test(name))
    throw new TypeError(
      `A workflow that Restate executes is a service of that name: letters, digits, "_", "." and "-" alone, and not ${quote(name)}`,
    )
}

/** A run, and what it was started with. */
export type BegunRun = Begin & { readonly id: string }

export type PlaceOf = (run: BegunRun, effect: ChildEffect, now: number) => ChildPlace

/** Where the children of a run are executed, and what they are given. The same on every replay. */
export function placesIn(served: Served): PlaceOf {
  const names = new Map([...served].map(([name, workflow]) => [workflow as unknown, name]))
  return (run, effect, now) => {
    const { key, input, id = `${run.id}/${key}` } = effect
    const seed = createHash('sha256').update(`${run.seed} ${key}`).digest('hex').slice(0, 32)
    const begin = { input, seed, createdAt: now, parent: { id: run.id, key }, unchecked: true }
    return { service: serviceOf(effect, names), ...inRound({ id, begin }, run.round ?? 0) }
  }
}

/** A run that is repeated repeats those of its children that did not succeed: as another execution of the same child. */
function inRound(child: Omit<ChildPlace, 'service'>, round: number): Omit<ChildPlace, 'service'> {
  const { id, begin } = child
  if (round === 0) return child
  return { id: executionId(id, round), begin: { ...begin, id, round, repeats: executionId(id, round - 1) } }
}

/** Restate's id of an execution of a run. */
export function executionId(id: string, round: number): string {
  return round === 0 ? id : `${id}~${round + 1}`
}

/** @throws {TypeError} there is no name by which Restate could find it */
function serviceOf(
  { key, workflow, workflowName }: ChildEffect,
  names: ReadonlyMap<unknown, string>,
): string {
  const service = names.get(workflow) ?? workflowName
  if (service === undefined)
    throw new TypeError(
      `ctx.invoke(): the workflow at ${quote(key)} has no name and is not served here: give it a name, or serve it under one`,
    )
  requireServiceName(service)
  return service
}
