/** What requests say, checked. */
import { name as checkName, nearest } from '../core/check.ts'
import { show } from '../core/duration.ts'
import type { RunFilter, RunStatus } from '../core/ports/store.ts'
import type { ApiStatus } from './api.ts'
import { Problem } from './problems.ts'

const STATUSES: readonly ApiStatus[] = [
  'running',
  'waiting',
  'interrupted',
  'completed',
  'failed',
  'cancelled',
  'blocked',
  'pending',
]
const MOST = 500

export interface Listing {
  readonly filter: RunFilter
  /** As they are told; those of the filter are as they are stored. */
  readonly statuses: ReadonlySet<ApiStatus> | undefined
  readonly limit: number
  readonly before: number | undefined
}

export function listing(query: URLSearchParams): Listing {
  known(query, ['status', 'workflow', 'parent', 'before', 'limit'])
  const given = query.getAll('status').flatMap((each) => each.split(','))
  for (const each of given)
    if (!STATUSES.includes(each as ApiStatus))
      throw bad(`status: expected some of ${STATUSES.join(', ')}, got ${show(each)}`)
  const workflow = query.get('workflow')
  const parent = query.get('parent')
  const statuses = given.length === 0 ? undefined : new Set(given as ApiStatus[])
  return {
    filter: {
      ...(statuses !== undefined && { status: storedOf(statuses) }),
      ...(workflow !== null && { workflow }),
      ...(parent !== null && { parent: parent === '' ? null : parent }),
    },
    statuses,
    limit: whole(query, 'limit', { least: 1, most: MOST }) ?? 50,
    before: whole(query, 'before', { least: 1 }),
  }
}

/** The statuses in the store that may be told as these. */
function storedOf(told: ReadonlySet<ApiStatus>): RunStatus[] {
  const stored = new Set<RunStatus>()
  for (const each of told) {
    if (each === 'interrupted')
      for (const open of ['pending', 'running', 'waiting'] as const) stored.add(open)
    else stored.add(each)
    if (each === 'running') stored.add('pending')
  }
  return [...stored]
}

export interface EntryPage {
  readonly after: number
  readonly limit: number
}

export function entryPage(query: URLSearchParams): EntryPage {
  known(query, ['after', 'limit'])
  return {
    after: whole(query, 'after', { least: 0 }) ?? 0,
    limit: whole(query, 'limit', { least: 1, most: MOST }) ?? 100,
  }
}

export function runId(text: string): string {
  try {
    checkName(text, 'The id of a run')
  } catch (error) {
    throw bad((error as Error).message)
  }
  return text
}

/** A body that is a JSON object with some of these members. An empty one is one without any. */
export async function body<K extends string>(
  request: Request,
  members: readonly K[],
): Promise<Readonly<Partial<Record<K, unknown>>>> {
  const text = await request.text()
  let value: unknown
  try {
    value = text.trim() === '' ? {} : JSON.parse(text)
  } catch (error) {
    throw bad(`The body is no JSON: ${(error as Error).message}`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw bad(`The body: expected a JSON object, got ${show(value)}`)
  for (const name of Object.keys(value)) if (!members.includes(name as K)) throw unknownMember(name, members)
  return value as Readonly<Partial<Record<K, unknown>>>
}

export function text(value: unknown, what: string): string {
  if (typeof value !== 'string' || value === '') throw bad(`${what}: expected a text, got ${show(value)}`)
  return value
}

function known(query: URLSearchParams, names: readonly string[]): void {
  for (const name of query.keys()) if (!names.includes(name)) throw unknownMember(name, names)
}

function whole(
  query: URLSearchParams,
  name: string,
  { least, most = Number.MAX_SAFE_INTEGER }: { readonly least: number; readonly most?: number },
): number | undefined {
  const given = query.get(name)
  if (given === null) return undefined
  const value = /^\d{1,16}$/.test(given) ? Number(given) : Number.NaN
  if (!(value >= least && value <= most)) {
    const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`
    throw bad(`${name}: expected a whole number ${range}, got ${show(given)}`)
  }
  return value
}

function unknownMember(name: string, names: readonly string[]): Problem {
  const [near] = nearest(name, names)
  const hint = near === undefined ? `it knows ${names.join(', ')}` : `did you mean ${show(near)}?`
  return bad(`${show(name)} is unknown here: ${hint}`)
}

function bad(message: string): Problem {
  return new Problem(400, 'BAD_REQUEST', message)
}
