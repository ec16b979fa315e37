/** Records of the store as the API tells them. */
import type { Codec } from '../core/codec/codec.ts'
import { messageOf } from '../core/errors.ts'
import type { Encoded } from '../core/ports/effects.ts'
import { ENDED, type JournalEntry, type RunRecord } from '../core/ports/store.ts'
import type { Timeline } from '../timeline/timeline.ts'
import type { ApiEntry, ApiRun, ApiRunDetails, ApiStatus, ApiTimeline } from './api.ts'
import type { ServedEngine, ServedRun } from './engine.ts'
import { type ValueTree, valueTree } from './value-tree.ts'

export async function apiRun(engine: ServedEngine, record: RunRecord): Promise<ApiRun> {
  const owner = ENDED.has(record.status) ? undefined : await engine.executorOf(record)
  const { id, workflow, createdAt, endedAt, parent, forkedFrom } = record
  return {
    id,
    ...(workflow !== undefined && { workflow }),
    status: statusOf(record, owner !== undefined),
    createdAt,
    ...(endedAt !== undefined && { endedAt }),
    ...(parent !== undefined && { parent: parent.id }),
    ...(forkedFrom !== undefined && { forkedFrom }),
    ...(owner !== undefined && { executedBy: { pid: owner.pid, host: owner.host } }),
  }
}

/** One that should be executed, or looked after, and whose process is gone. */
export function statusOf({ status }: RunRecord, executed: boolean): ApiStatus {
  if (executed) return status === 'pending' ? 'running' : status
  return status === 'pending' || status === 'running' || status === 'waiting' ? 'interrupted' : status
}

export async function apiDetails(engine: ServedEngine, run: ServedRun): Promise<ApiRunDetails> {
  const { record, notes, inbox, journal, zombies } = run
  const tree = (encoded: Encoded): ValueTree => treeOf(engine.codec, encoded)
  const fired = new Set(journal.map(({ completion }) => completion.key))
  return {
    ...(await apiRun(engine, record)),
    input: tree(record.input),
    ...(record.output !== undefined && { output: tree(record.output) }),
    ...(record.error !== undefined && { error: tree(record.error) }),
    waiting: {
      sleeps: ENDED.has(record.status)
        ? []
        : notes
            .filter(({ kind, key }) => kind === 'due' && !fired.has(key) && !key.includes('!'))
            .map(({ key, due }) => ({ key, due })),
      events: inbox.filter(({ kind }) => kind === 'event').map(({ name }) => name),
      cancelRequested: inbox.some(({ kind }) => kind === 'cancel'),
    },
    zombies: zombies.map(({ step, key, since }) => ({ step, key, since })),
  }
}

export function apiTimeline(codec: Codec, timeline: Timeline): ApiTimeline {
  const operations = timeline.operations.map((each) => ({
    ...each,
    error: each.error === undefined ? undefined : treeOf(codec, each.error),
  }))
  return { ...timeline, operations }
}

export function apiEntry(codec: Codec, { seq, completion }: JournalEntry): ApiEntry {
  const { kind, key, at } = completion
  return {
    seq,
    kind,
    key,
    at,
    ...('attempt' in completion && { attempt: completion.attempt, startedAt: completion.startedAt }),
    ...('retryAt' in completion && completion.retryAt !== undefined && { retryAt: completion.retryAt }),
    ...('name' in completion && { name: completion.name }),
    ...('payload' in completion && { value: treeOf(codec, completion.payload) }),
  }
}

/** A value that cannot be read any more (its class is not registered here) must not hide the rest. */
function treeOf(codec: Codec, encoded: Encoded): ValueTree {
  try {
    return valueTree(codec.decode(encoded))
  } catch (error) {
    return { kind: 'unreadable', why: messageOf(error) }
  }
}
