/**
 * The reference store: everything in maps, gone with the process. What it keeps is frozen, so that it can hand out
 * its own objects without copying them and no caller can alter what is stored.
 */
import { StoreError } from '../../core/errors.ts'
import { surveyOf } from '../../core/journal-survey.ts'
import type { Completion } from '../../core/ports/effects.ts'
import type {
  Claim,
  CommitResult,
  InboxItem,
  JournalEntry,
  NewRun,
  Owner,
  Park,
  PruneRequest,
  Reopening,
  RunRecord,
  Store,
  Write,
  ZombieRecord,
} from '../../core/ports/store.ts'
import { admit, type Standing } from '../shared/admission.ts'
import { newRecord } from '../shared/new-record.ts'
import { listRuns } from './listing.ts'
import { adoptWaiting, dueRuns, idleRuns, nextDue } from './open-runs.ts'
import { familiesToPrune } from './pruning.ts'
import { changes, type MemoryRun } from './run.ts'

const LOCATION = 'memory'

interface State {
  /** In order of `no`, which counts from 1: the run `no` is at `no - 1`. A deleted one leaves its place empty. */
  readonly runs: (MemoryRun | undefined)[]
  readonly byId: Map<string, MemoryRun>
  /** In order of `id`, which counts from 1. Those of deleted runs leave their places empty. */
  readonly inbox: (InboxItem | undefined)[]
  /** By run and item id: what no completion has consumed. */
  readonly pending: Map<number, Map<number, InboxItem>>
  readonly owners: Map<string, Owner>
  /** By id, which counts from 1. */
  readonly zombies: Map<number, ZombieRecord>
  lastZombie: number
}

export function memoryStore(): Store {
  const state: State = {
    runs: [],
    byId: new Map(),
    inbox: [],
    pending: new Map(),
    owners: new Map(),
    zombies: new Map(),
    lastZombie: 0,
  }
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
    createRun: verb((run: NewRun, prefix: readonly Completion[] = [], owner?: string) =>
      createRun(state, run, prefix, owner),
    ),
    getRun: verb((id: string) => state.byId.get(id)?.record),
    listRuns: verb((filter, page) => listRuns(state.runs, filter, page)),
    claim: verb((request) => claim(state.runs[request.no - 1], request)),
    release: verb((claim: Claim) => {
      const run = claimed(state, claim)
      if (run !== undefined) run.record = changes.released(run.record)
    }),
    reopen: verb((request) => reopen(state, request)),
    commit: verb((writes: readonly Write[]) => commit(state, writes)),
    readJournal: verb((no, after, limit) => entriesOf(state, no, after, limit)),
    surveyJournal: verb((no, after, limit) => surveyOf(entriesOf(state, no, after, limit))),
    readNotes: verb((no) => state.runs[no - 1]?.notes.slice() ?? []),
    post: verb((item: Omit<InboxItem, 'id'>) => post(state, item)),
    readInbox: verb((after, limit) => readInbox(state.inbox, after, limit)),
    pendingInbox: verb((no) => [...(state.pending.get(no)?.values() ?? [])]),
    lastInboxId: verb(() => state.inbox.length),
    heartbeat: verb(({ id, pid, host, heartbeatAt, lease }: Owner) => {
      const known = state.owners.has(id)
      state.owners.set(id, Object.freeze({ id, pid, host, heartbeatAt, lease }))
      return known
    }),
    getOwner: verb((id) => state.owners.get(id)),
    prune: verb((request: PruneRequest) => prune(state, request)),
    listOwners: verb(() => [...state.owners.values()]),
    removeOwner: verb((id, heardAt) => removeOwner(state, id, heardAt)),
    dueRuns: verb((owner, now, limit) => dueRuns(state.runs, owner, now, limit)),
    nextDue: verb((owner) => nextDue(state.runs, owner)),
    idleRuns: verb((workflow, now, limit) => idleRuns(state.runs, workflow, now, limit)),
    adoptWaiting: verb((workflow, owner) => adoptWaiting(state.runs, workflow, owner)),
    addZombie: verb((zombie: ZombieRecord) => addZombie(state, zombie)),
    removeZombie: verb((id: number) => void state.zombies.delete(id)),
    readZombies: verb((no) => [...state.zombies.values()].filter(({ run }) => run === no)),
    close: async () => {
      closed = true
    },
  }
}

function addZombie(state: State, { run, key, attempt, owner, since, reason }: ZombieRecord): number {
  state.zombies.set(++state.lastZombie, Object.freeze({ run, key, attempt, owner, since, reason }))
  return state.lastZombie
}

function entriesOf({ runs }: State, no: number, after: number, limit = Infinity): JournalEntry[] {
  return runs[no - 1]?.journal.slice(after, after + limit) ?? []
}

function createRun(
  state: State,
  run: NewRun,
  prefix: readonly Completion[],
  owner: string | undefined,
): Awaited<ReturnType<Store['createRun']>> {
  const existing = state.byId.get(run.id)
  if (existing !== undefined) return { run: existing.record, created: false }
  const record = newRecord(run, state.runs.length + 1, prefix.length, owner)
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

const CLAIMABLE: ReadonlySet<string> = new Set(['pending', 'running', 'waiting', 'blocked'])
const REOPENABLE: ReadonlySet<string> = new Set(['completed', 'failed', 'cancelled', 'blocked'])

/** The run, if the claim to it is current. */
function claimed(state: State, claim: Claim): MemoryRun | undefined {
  const run = state.runs[claim.no - 1]
  return run?.record.epoch === claim.epoch && isExecuted(run.record) ? run : undefined
}

function isExecuted({ owner, status }: RunRecord): boolean {
  return owner !== undefined && status === 'running'
}

function commit(state: State, writes: readonly Write[]): CommitResult {
  const standingOf = (no: number): Standing | undefined => {
    const run = state.runs[no - 1]
    if (run === undefined) return undefined
    const { id, epoch } = run.record
    return { id, epoch, owned: isExecuted(run.record), last: run.journal.length }
  }
  const mayPark = ({ claim, pending, children }: Park): boolean =>
    (state.pending.get(claim.no)?.size ?? 0) === pending && !children.some((id) => hasStopped(state, id))
  const { accepted, fenced, declined } = admit(writes, standingOf, mayPark, LOCATION)
  for (const write of accepted) {
    const run = state.runs[write.claim.no - 1]
    if (run !== undefined) apply(state, run, write)
  }
  return { fenced, declined }
}

function hasStopped({ byId }: State, id: string): boolean {
  const run = byId.get(id)
  return run !== undefined && REOPENABLE.has(run.record.status)
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
    case 'park':
      run.record = changes.parked(run.record, write)
      return
    case 'end': {
      run.record = changes.ended(run.record, write)
      const parent = run.record.parent && state.byId.get(run.record.parent.id)
      if (parent !== undefined) parent.record = changes.woken(parent.record)
    }
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

function removeOwner(state: State, id: string, heardAt: number | undefined): boolean {
  const owner = state.owners.get(id)
  if (owner === undefined || (heardAt !== undefined && owner.heartbeatAt !== heardAt)) return false
  state.owners.delete(id)
  for (const [zombie, { owner: its }] of state.zombies) if (its === id) state.zombies.delete(zombie)
  for (const run of state.runs) {
    if (run === undefined || run.record.owner !== id) continue
    const { record } = run
    run.record = record.status === 'running' ? changes.released(record) : changes.owned(record, undefined)
  }
  return true
}

function post(state: State, { run, kind, name, payload, at }: Omit<InboxItem, 'id'>): InboxItem {
  const item: InboxItem = Object.freeze({ id: state.inbox.length + 1, run, kind, name, payload, at })
  state.inbox.push(item)
  if (!state.pending.has(run)) state.pending.set(run, new Map())
  state.pending.get(run)?.set(item.id, item)
  const receiver = state.runs[run - 1]
  if (receiver !== undefined) receiver.record = changes.woken(receiver.record)
  return item
}

function readInbox(
  inbox: readonly (InboxItem | undefined)[],
  after: number,
  limit: number,
): readonly InboxItem[] {
  const found: InboxItem[] = []
  for (let at = after; at < inbox.length && found.length < limit; at++) {
    const item = inbox[at]
    if (item !== undefined) found.push(item)
  }
  return found
}

function prune(state: State, request: PruneRequest): Awaited<ReturnType<Store['prune']>> {
  let runs = 0
  for (const family of familiesToPrune(state.runs, request)) {
    if (runs >= request.limit && request.dryRun !== true) return { runs, more: true }
    runs += family.length
    if (request.dryRun !== true) for (const run of family) forget(state, run)
  }
  return { runs, more: false }
}

function forget(state: State, { record: { no, id } }: MemoryRun): void {
  state.runs[no - 1] = undefined
  state.byId.delete(id)
  state.pending.delete(no)
  for (const [zombie, { run }] of state.zombies) if (run === no) state.zombies.delete(zombie)
  for (const [at, item] of state.inbox.entries()) if (item?.run === no) state.inbox[at] = undefined
}
