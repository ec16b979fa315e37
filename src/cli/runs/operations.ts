import { compensatedBy } from '../../core/key.ts'
import type { Completion, Encoded, Key } from '../../core/ports/effects.ts'
import { standing } from '../../core/run-waits.ts'
import type { ShownStatus } from '../../core/shown-status.ts'
import type { RunDetails } from '../../engine/embedded-engine.ts'

/** One operation of a run, as far as its journal tells. */
export interface OperationRow {
  /** Of a compensation: the key of the step that it undoes. */
  readonly key: Key
  readonly kind: 'step' | 'compensation' | 'child' | 'sleep' | 'event'
  readonly status: 'done' | 'failed' | 'retrying' | 'running' | 'interrupted' | 'cancelled'
  readonly attempts: number
  readonly startedAt: number | undefined
  readonly endedAt: number | undefined
  readonly error: Encoded | undefined
}

type Known = Extract<
  Completion,
  {
    kind:
      | 'step-done'
      | 'step-failed'
      | 'timer-fired'
      | 'event-received'
      | 'event-failed'
      | 'child-done'
      | 'child-failed'
  }
>

/** Operations in the order in which they came to be known; what the library adds by itself (timeouts) is left out. */
export function operationsOf(
  details: Pick<RunDetails, 'record' | 'journal' | 'notes'>,
  run: ShownStatus,
): OperationRow[] {
  const status = begunStatus(run)
  const rows = new Map<Key, OperationRow>()
  for (const { completion } of standing(details)) {
    if (
      isByLibrary(completion.key) ||
      completion.kind === 'aborted' ||
      completion.kind === 'abort-absent' ||
      completion.kind === 'stopped' ||
      completion.kind === 'cancel-requested'
    )
      continue
    rows.set(completion.key, rowOf(completion))
  }
  for (const { key, kind, attempt, at } of details.notes) {
    const known = rows.get(key)
    // Only steps count their attempts: of other operations the start alone tells nothing.
    if (
      kind !== 'started' ||
      attempt === 0 ||
      (known !== undefined && (known.status === 'done' || known.attempts >= attempt))
    )
      continue
    rows.set(key, {
      ...stepOrCompensation(key),
      status,
      attempts: attempt,
      startedAt: at,
      endedAt: undefined,
      error: undefined,
    })
  }
  return [...rows.values()]
}

/** Something that nobody asked for: a timeout, a stagger. */
function isByLibrary(key: Key): boolean {
  return key.includes('!') && compensatedBy(key) === undefined
}

function stepOrCompensation(key: Key): Pick<OperationRow, 'key' | 'kind'> {
  const step = compensatedBy(key)
  return step === undefined ? { key, kind: 'step' } : { key: step, kind: 'compensation' }
}

/** What became of a step that began and that the journal says no more of. */
function begunStatus(run: ShownStatus): OperationRow['status'] {
  if (run === 'running') return 'running'
  return run === 'interrupted' || run === 'blocked' ? 'interrupted' : 'cancelled'
}

function rowOf(completion: Known): OperationRow {
  const { key, at } = completion
  const base = { key, attempts: 1, startedAt: undefined, endedAt: at, error: undefined }
  switch (completion.kind) {
    case 'step-done': {
      const { attempt, startedAt } = completion
      return { ...base, ...stepOrCompensation(key), status: 'done', attempts: attempt, startedAt }
    }
    case 'step-failed': {
      const { attempt, startedAt, retryAt, payload } = completion
      return {
        ...base,
        ...stepOrCompensation(key),
        status: retryAt === undefined ? 'failed' : 'retrying',
        attempts: attempt,
        startedAt,
        error: payload,
      }
    }
    case 'timer-fired':
      return { ...base, kind: 'sleep', status: 'done' }
    case 'event-received':
      return { ...base, kind: 'event', status: 'done' }
    case 'event-failed':
      return { ...base, kind: 'event', status: 'failed', error: completion.payload }
    case 'child-done':
      return { ...base, kind: 'child', status: 'done' }
    case 'child-failed':
      return { ...base, kind: 'child', status: 'failed', error: completion.payload }
  }
}

/** Several operations whose names differ in a number only, and that came out the same. */
export interface FoldedRow {
  /** The key, or, of several, with `*` for the numbers. */
  readonly key: string
  readonly members: readonly [OperationRow, ...OperationRow[]]
}

/** Fewer alike than this are shown one by one. */
const WORTH_FOLDING = 5

/** Thousands of `process-17` in one row, those that failed in rows of their own. */
export function folded(rows: readonly OperationRow[]): FoldedRow[] {
  const families = new Map<string, [OperationRow, ...OperationRow[]]>()
  for (const row of rows) {
    const family = familyOf(row)
    const members = families.get(family)
    if (members === undefined) families.set(family, [row])
    else members.push(row)
  }
  return [...families.values()].flatMap((members): FoldedRow[] => {
    const [{ key, status }] = members
    if (members.length >= WORTH_FOLDING && status === 'done') return [{ key: pattern(key), members }]
    return members.map((row) => ({ key: row.key, members: [row] }))
  })
}

function familyOf({ key, kind, status }: OperationRow): string {
  return `${kind} ${status} ${pattern(key)}`
}

function pattern(key: Key): string {
  return key.replace(/\d+/g, '*')
}
