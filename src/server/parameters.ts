/** What requests say, checked. */
import { name as checkName } from '../core/check.ts'
import { quote } from '../core/errors.ts'
import type { RunFilter } from '../core/ports/store.ts'
import { SHOWN_STATUSES, type ShownStatus, storedStatuses } from '../core/shown-status.ts'
import { badRequest } from './problems.ts'

export interface Listing {
  readonly filter: RunFilter
  /** As they are shown; undefined for all. */
  readonly shown: ReadonlySet<ShownStatus> | undefined
  readonly search: string | undefined
  readonly limit: number
  readonly before: number | undefined
}

/** @throws {Problem} */
export function listing(query: URLSearchParams): Listing {
  requireKnown(query, ['status', 'workflow', 'parent', 'search', 'before', 'limit'])
  const statuses = query.getAll('status').map(status)
  const workflow = one(query, 'workflow')
  const parent = one(query, 'parent')
  return {
    filter: {
      ...(statuses.length > 0 && { status: storedStatuses(statuses) }),
      ...(workflow !== undefined && { workflow: named(workflow, '"workflow"') }),
      ...(parent !== undefined && { parent: parent === 'none' ? null : named(parent, '"parent"') }),
    },
    shown: statuses.length === 0 ? undefined : new Set(statuses),
    search: one(query, 'search') || undefined,
    limit: whole(query, 'limit', 1, 200) ?? 50,
    before: whole(query, 'before', 0, Number.MAX_SAFE_INTEGER),
  }
}

/** @throws {Problem} */
export function entryPage(query: URLSearchParams): { readonly after: number; readonly limit: number } {
  requireKnown(query, ['after', 'limit'])
  return {
    after: whole(query, 'after', 0, Number.MAX_SAFE_INTEGER) ?? 0,
    limit: whole(query, 'limit', 1, 1000) ?? 100,
  }
}

/** Runs that one stream of changes follows. Each costs a look, each time. */
const MOST_FOLLOWED = 50

/** @throws {Problem} */
export function followed(query: URLSearchParams): readonly string[] {
  requireKnown(query, ['run'])
  const ids = new Set(query.getAll('run').map((id) => named(id, '"run"')))
  if (ids.size > MOST_FOLLOWED)
    throw badRequest(`"run": expected at most ${MOST_FOLLOWED} ids, got ${ids.size}`)
  return [...ids]
}

export interface PartOfValue {
  readonly of: 'input' | 'output' | 'error' | number
  readonly path: readonly number[]
  readonly from: number
}

/** @throws {Problem} */
export function partOfValue(query: URLSearchParams): PartOfValue {
  requireKnown(query, ['of', 'path', 'from'])
  const of = one(query, 'of') ?? ''
  const path = one(query, 'path') ?? ''
  if (!/^(\d{1,15}(,\d{1,15}){0,999})?$/.test(path))
    throw badRequest(`"path": expected positions with commas between, such as 0,3, got ${quote(path)}`)
  const from = whole(query, 'from', 0, Number.MAX_SAFE_INTEGER) ?? 0
  const positions = path === '' ? [] : path.split(',').map(Number)
  if (of === 'input' || of === 'output' || of === 'error') return { of, path: positions, from }
  const seq = whole(query, 'of', 1, Number.MAX_SAFE_INTEGER)
  if (seq === undefined)
    throw badRequest(
      `"of" is missing: it says which value (input, output, error, or the seq of a journal entry)`,
    )
  return { of: seq, path: positions, from }
}

/** @throws {Problem} */
export function named(value: unknown, what: string): string {
  try {
    checkName(value, what)
  } catch (error) {
    throw badRequest((error as Error).message)
  }
  return value as string
}

function requireKnown(query: URLSearchParams, known: readonly string[]): void {
  for (const key of query.keys())
    if (!known.includes(key))
      throw badRequest(`There is no parameter ${quote(key)} here; known are ${known.map(quote).join(', ')}`)
}

function one(query: URLSearchParams, key: string): string | undefined {
  const [first, second] = query.getAll(key)
  if (second !== undefined) throw badRequest(`"${key}" was given more than once`)
  return first
}

function whole(query: URLSearchParams, key: string, least: number, most: number): number | undefined {
  const text = one(query, key)
  if (text === undefined) return undefined
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (value >= least && value <= most) return value
  throw badRequest(
    `"${key}": expected a whole number ${most > 1e9 ? `of at least ${least}` : `from ${least} to ${most}`}, got ${quote(text)}`,
  )
}

function status(text: string): ShownStatus {
  const found = SHOWN_STATUSES.find((each) => each === text)
  if (found === undefined)
    throw badRequest(`"status": expected one of ${SHOWN_STATUSES.join(', ')}, got ${quote(text)}`)
  return found
}
