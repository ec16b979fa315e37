/** Records as rows and back. An absent field is NULL in a row, and absent again in the record. */
import type { Completion } from '../../core/ports/effects.ts'
import type { InboxItem, Note, Owner, RunRecord, RunStatus, ZombieRecord } from '../../core/ports/store.ts'
import { fromNullable, fromText, toNullable, toText } from './text.ts'

export interface RunRow {
  readonly no: number
  readonly id: string
  readonly workflow: string | null
  readonly status: RunStatus
  readonly input: string
  readonly output: string | null
  readonly error: string | null
  readonly parent: string | null
  readonly parent_key: string | null
  readonly source: string | null
  readonly seed: string
  readonly base: number
  readonly earlier: string | null
  readonly created_at: number
  readonly ended_at: number | null
  readonly owner: string | null
  readonly epoch: number
  readonly wake_at: number | null
  readonly dropped: string | null
  readonly forked_from: string | null
}

/** SQL: an owner executes the run. With its epoch, the claim to it is current (R3). */
export const IS_EXECUTED = "owner IS NOT NULL AND status = 'running'"

export function toRun(row: RunRow): RunRecord {
  return {
    no: row.no,
    id: fromText(row.id),
    workflow: fromNullable(row.workflow),
    status: row.status,
    input: fromText(row.input),
    output: fromNullable(row.output),
    error: fromNullable(row.error),
    parent:
      row.parent === null ? undefined : { id: fromText(row.parent), key: fromText(row.parent_key ?? '') },
    source: fromNullable(row.source),
    seed: fromText(row.seed),
    base: row.base,
    earlier: row.earlier === null ? [] : (JSON.parse(row.earlier) as RunRecord['earlier']),
    createdAt: row.created_at,
    endedAt: row.ended_at ?? undefined,
    owner: fromNullable(row.owner),
    epoch: row.epoch,
    wakeAt: row.wake_at ?? undefined,
    dropped: row.dropped === null ? [] : toRanges(row.dropped),
    forkedFrom: fromNullable(row.forked_from),
  }
}

/** One bad row must not keep others from being listed. Of ranges that cannot be read nothing is reused. */
function toRanges(stored: string): RunRecord['dropped'] {
  try {
    const ranges: unknown = JSON.parse(stored)
    if (Array.isArray(ranges) && ranges.every(isRange)) return ranges
  } catch {
    // Not ours.
  }
  return [[0, Number.MAX_SAFE_INTEGER]]
}

function isRange(value: unknown): value is readonly [number, number] {
  return Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === 'number')
}

export interface JournalRow {
  readonly run: number
  readonly seq: number
  readonly kind: string
  readonly key: string
  readonly at: number
  readonly attempt: number | null
  readonly started_at: number | null
  readonly retry_at: number | null
  readonly name: string | null
  readonly payload: string | null
  readonly crc: number
}

/** SQL: the columns in the order in which {@link toJournalRow} takes them. */
export const JOURNAL_COLUMNS = 'run, seq, kind, key, at, attempt, started_at, retry_at, name, payload, crc'

export type JournalValues = readonly [
  run: number,
  seq: number,
  kind: string,
  key: string,
  at: number,
  attempt: number | null,
  startedAt: number | null,
  retryAt: number | null,
  name: string | null,
  payload: string | null,
  crc: number,
]

/** From a statement that returns arrays: the objects that SQLite's driver makes of so many columns are dictionaries, slow to make and to read. */
export function toJournalRow(values: JournalValues): JournalRow {
  const [run, seq, kind, key, at, attempt, started_at, retry_at, name, payload, crc] = values
  return { run, seq, kind, key, at, attempt, started_at, retry_at, name, payload, crc }
}

type FieldOf<Kind> = Kind extends unknown ? keyof Kind : never
type ValueOf<Kind, Field> = Kind extends unknown ? (Field extends keyof Kind ? Kind[Field] : never) : never

type Fields = { readonly [Field in FieldOf<Completion>]?: ValueOf<Completion, Field> | undefined }

/** A new field of some completion is in here, and does not compile below, until it has a column. */
type Unstored = Exclude<
  keyof Fields,
  'kind' | 'key' | 'at' | 'attempt' | 'startedAt' | 'retryAt' | 'name' | 'payload'
>

/** @param reference what stands for a payload in pieces */
export function fromCompletion(
  run: number,
  seq: number,
  completion: Completion & Record<Unstored, never>,
  reference?: string,
): Omit<JournalRow, 'crc'> {
  const { kind, key, at, attempt, startedAt, retryAt, name, payload }: Fields = completion
  return {
    run,
    seq,
    kind: kind ?? '',
    key: toText(key ?? ''),
    at: at ?? 0,
    attempt: attempt ?? null,
    started_at: startedAt ?? null,
    retry_at: retryAt ?? null,
    name: toNullable(name),
    payload: reference ?? toNullable(payload),
  }
}

/** What a completion of each kind has beside its place. A row may have been written by something else than this code. */
const REQUIRED: Readonly<Record<Completion['kind'], readonly (keyof JournalRow)[]>> = {
  'step-done': ['attempt', 'started_at', 'payload'],
  'step-failed': ['attempt', 'started_at', 'payload'],
  'timer-fired': [],
  'event-received': ['name', 'payload'],
  'event-failed': ['payload'],
  'child-done': ['name', 'payload'],
  'child-failed': ['name', 'payload'],
  aborted: ['payload'],
  'abort-absent': [],
  stopped: [],
  'cancel-requested': ['payload'],
}

type StepDoneRow = JournalRow & {
  readonly attempt: number
  readonly started_at: number
  readonly payload: string
}

export function isCompletion(row: JournalRow): boolean {
  const required = Object.hasOwn(REQUIRED, row.kind) ? REQUIRED[row.kind as Completion['kind']] : undefined
  return required !== undefined && required.every((column) => row[column] !== null)
}

/** @param row one that {@link isCompletion} accepted */
export function toCompletion(row: JournalRow): Completion {
  // Nearly all are this: without spreads, it takes a fifth of the time.
  if (row.kind === 'step-done') {
    const { at, attempt, started_at: startedAt, payload } = row as StepDoneRow
    return { kind: row.kind, key: fromText(row.key), at, attempt, startedAt, payload: fromText(payload) }
  }
  return {
    kind: row.kind,
    key: fromText(row.key),
    at: row.at,
    ...(row.attempt !== null && { attempt: row.attempt }),
    ...(row.started_at !== null && { startedAt: row.started_at }),
    ...(row.retry_at !== null && { retryAt: row.retry_at }),
    ...(row.name !== null && { name: fromText(row.name) }),
    ...(row.payload !== null && { payload: fromText(row.payload) }),
  } as Completion
}

export interface NoteRow {
  readonly key: string
  readonly at: number
  readonly kind: Note['kind']
  readonly attempt: number
  readonly due: number
  readonly detail: string | null
}

export function toNote({ key, at, kind, attempt, due, detail }: NoteRow): Note {
  return { key: fromText(key), at, kind, attempt, due, ...(detail !== null && { detail: fromText(detail) }) }
}

export interface InboxRow {
  readonly id: number
  readonly run: number
  readonly kind: InboxItem['kind']
  readonly name: string
  readonly payload: string
  readonly at: number
}

export function toInboxItem({ id, run, kind, name, payload, at }: InboxRow): InboxItem {
  return { id, run, kind, name: fromText(name), payload: fromText(payload), at }
}

export interface OwnerRow {
  readonly id: string
  readonly pid: number
  readonly host: string
  readonly heartbeat_at: number
  readonly lease: number
}

export function toOwner(row: OwnerRow): Owner {
  const { pid, heartbeat_at: heartbeatAt, lease } = row
  return { id: fromText(row.id), pid, host: fromText(row.host), heartbeatAt, lease }
}

export interface ZombieRow {
  readonly run: number
  readonly key: string
  readonly attempt: number
  readonly owner: string
  readonly since: number
  readonly reason: string
}

export function toZombie({ run, key, attempt, owner, since, reason }: ZombieRow): ZombieRecord {
  return { run, key: fromText(key), attempt, owner: fromText(owner), since, reason: fromText(reason) }
}
