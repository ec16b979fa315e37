/**
 * The reference store: everything in maps, gone with the process. What it keeps is frozen, so that it can hand out
 * its own objects without copying them and no caller can alter what is stored.
 */
import { StoreError } from '../../core/errors.ts'
import type { Completion } from '../../core/ports/effects.ts'
import type {
  Claim,
  InboxItem,
  JournalEntry,
  NewRun,
  Owner,
  Reopening,
  Store,
  Write,
} from '../../core/ports/store.ts'
import { admit, type Standing } from '../shared/admission.ts'
import { listRuns } from './listing.ts'
import { changes, type MemoryRun } from './run.ts'

const LOCATION = 'memory'

interface State {
  /** In order of `no`, which counts from 1: the run `no` is at `no - 1`. */
  readonly runs: MemoryRun[]
  readonly byId: Map<string, MemoryRun>
  /** In order of `id`, which counts from 1. */
  readonly inbox: InboxItem[]
  /** By run and item id: what no completion has consumed. */
  readonly pending: Map<number, Map<number, InboxItem>>
  readonly owners: Map<string, Owner>
}

export function memoryStore(): Store {
  const state: State = { runs: [], byId: new Map(), inbox: [], pending: new Map(), owners: new Map() }
  let closed = false
  /** Every verb is one synchronous step, hence atomic. */
  const verb =
    <Args extends readonly unknown[], Result>(step: (...args: Args) => Result) =>
    async (...args: Args): Promise<Result> => {
      if (closed) throw new StoreError('closed', 'The memory store is closed: open another one')
      return step(...args)
    }
  return {
    location: LOCATION,
    createRun: verb((run: NewRun, prefix: readonly Completion[] = []) => createRun(state, run, prefix)),
    getRun: verb((id: string) => state.byId.get(id)?.record),
    listRuns: verb((filter, page) => listRuns(state.runs, filter, page)),
    claim: verb((request) => claim(state.runs[request.no - 1], request)),
    release: verb((claim: Claim) => {
      const run = claimed(state, claim)
      if (run !== undefined) run.record = changes.released(run.record)
    }),
    reopen: verb((request) => reopen(state, request)),
    commit: verb((writes: readonly Write[]) => commit(state, writes)),
    readJournal: verb((no, after) => state.runs[no - 1]?.journal.slice(after) ?? []),
    readNotes: verb((no) => state.runs[no - 1]?.notes.slice() ?? []),
    post: verb((item: Omit<InboxItem, 'id'>) => post(state, item)),
    readInbox: verb((after, limit) => state.inbox.slice(after, after + Math.max(0, limit))),
    pendingInbox: verb((no) => [...(state.pending.get(no)?.values() ?? [])]),
    lastInboxId: verb(() => state.inbox.length),
    heartbeat: verb(({ id, pid, host, heartbeatAt }: Owner) => {
      state.owners.set(id, Object.freeze({ id, pid, host, heartbeatAt }))
    }),
    getOwner: verb((id) => state.owners.get(id)),
    removeOwner: verb((id) => void state.owners.delete(id)),
    close: async () => {
      closed = true
    },
  }
}

function createRun(
  state: State,
  run: NewRun,
  prefix: readonly Completion[],
): Awaited<ReturnType<Store['createRun']>> {
  const existing = state.byId.get(run.id)
  if (existing !== undefined) return { run: existing.record, created: false }
  const record = changes.created(run, state.runs.length + 1, prefix.length)
  const journal = prefix.map((completion, index) => frozenEntry(index + 1, completion))
  const created: MemoryRun = { record, journal, notes: [], consumed: new Map() }
  state.runs.push(created)
  state.byId.set(run.id, created)
  return { run: record, created: true }
}

function claim(run: MemoryRun | undefined, request: Parameters<Store['claim']>[0]): Claim | undefined {
  if (run === undefined || run.record.epoch !== request.epoch || !CLAIMABLE.has(run.record.status)) return
  run.record = changes.claimed(run.record, request.owner)
  return { no: run.record.no, epoch: run.record.epoch }
}

function reopen(state: State, request: Reopening): boolean {
  const run = state.runs[request.no - 1]
  if (run === undefined || run.record.epoch !== request.epoch || !REOPENABLE.has(run.record.status))
    return false
  run.record = changes.reopened(run.record, request, run.journal.length)
  if (request.fresh) forgetWaiting(state, run)
  redeliver(state, run, request.redeliver ?? [])
  return true
}

/** Back among the pending ones, in the order in which they were sent. */
function redeliver(state: State, run: MemoryRun, seqs: readonly number[]): void {
  const { no } = run.record
  const wanted = new Set(seqs)
  const back = [...run.consumed].flatMap(([id, seq]) => {
    const item = state.inbox[id - 1]
    return item?.kind === 'event' && wanted.has(seq) ? [item] : []
  })
  if (back.length === 0) return
  for (const { id } of back) run.consumed.delete(id)
  const items = [...(state.pending.get(no)?.values() ?? []), ...back].sort((a, b) => a.id - b.id)
  state.pending.set(no, new Map(items.map((item) => [item.id, item])))
}

function forgetWaiting(state: State, run: MemoryRun): void {
  run.notes.length = 0
  const pending = state.pending.get(run.record.no)
  for (const item of pending?.values() ?? []) if (item.kind === 'cancel') pending?.delete(item.id)
}

const CLAIMABLE: ReadonlySet<string> = new Set(['pending', 'running', 'blocked'])
const REOPENABLE: ReadonlySet<string> = new Set(['completed', 'failed', 'cancelled', 'blocked'])

/** The run, if the claim to it is current. */
function claimed(state: State, claim: Claim): MemoryRun | undefined {
  const run = state.runs[claim.no - 1]
  return run?.record.epoch === claim.epoch && run.record.owner !== undefined ? run : undefined
}

function commit(state: State, writes: readonly Write[]): { readonly fenced: ReadonlySet<Write> } {
  const standingOf = (no: number): Standing | undefined => {
    const run = state.runs[no - 1]
    if (run === undefined) return undefined
    const { id, epoch, owner } = run.record
    return { id, epoch, owned: owner !== undefined, last: run.journal.length }
  }
  const { accepted, fenced } = admit(writes, standingOf, LOCATION)
  for (const write of accepted) {
    const run = state.runs[write.claim.no - 1]
    if (run !== undefined) apply(state, run, write)
  }
  return { fenced }
}

function apply(state: State, run: MemoryRun, write: Write): void {
  switch (write.kind) {
    case 'completion': {
      const { seq, completion } = write.entry
      run.journal.push(frozenEntry(seq, completion))
      if (write.inboxId !== undefined) consume(state, run, seq, write.inboxId)
      return
    }
    case 'note':
      run.notes.push(Object.freeze({ ...write.note }))
      return
    case 'end':
      run.record = changes.ended(run.record, write)
  }
}

function consume(state: State, run: MemoryRun, seq: number, item: number): void {
  if (state.inbox[item - 1]?.run !== run.record.no) return
  run.consumed.set(item, seq)
  state.pending.get(run.record.no)?.delete(item)
}

function frozenEntry(seq: number, completion: Completion): JournalEntry {
  return Object.freeze({ seq, completion: Object.freeze({ ...completion }) })
}

function post(state: State, { run, kind, name, payload, at }: Omit<InboxItem, 'id'>): InboxItem {
  const item: InboxItem = Object.freeze({ id: state.inbox.length + 1, run, kind, name, payload, at })
  state.inbox.push(item)
  if (!state.pending.has(run)) state.pending.set(run, new Map())
  state.pending.get(run)?.set(item.id, item)
  return item
}
