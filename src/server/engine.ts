import type { Codec } from '../core/codec/codec.ts'
import type { WorkflowCode } from '../core/definition.ts'
import type { RunHandle, StartOptions } from '../core/ports/engine.ts'
import type { RunEvent } from '../core/ports/observer.ts'
import type { InboxItem, JournalEntry, Owner, Page, RunFilter, RunRecord } from '../core/ports/store.ts'
import type { RunHistory } from '../timeline/source.ts'

/** What is known of one run: the part of `RunDetails` that is served. */
export interface ServedRun extends RunHistory {
  readonly record: RunRecord
  readonly inbox: readonly InboxItem[]
  readonly zombies: readonly { readonly step: string; readonly key: string; readonly since: number }[]
}

/** What the API needs of an engine: `createEngine()` returns one that has it. */
export interface ServedEngine {
  readonly codec: Codec
  start<I, O>(
    workflow: WorkflowCode<I, O>,
    input: I,
    options?: StartOptions & { readonly source?: string },
  ): Promise<RunHandle<O>>
  get<I, O>(workflow: WorkflowCode<I, O>, id: string): RunHandle<O>
  find(id: string): RunHandle
  list(filter?: RunFilter, page?: Page): Promise<readonly RunRecord[]>
  lookUp(id: string): Promise<RunRecord | undefined>
  inspect(id: string): Promise<ServedRun>
  journal(record: RunRecord, after: number, limit: number): Promise<readonly JournalEntry[]>
  mark(record?: RunRecord): Promise<string | undefined>
  executorOf(record: RunRecord): Promise<Owner | undefined>
  takeUp(workflow: WorkflowCode, record: RunRecord): Promise<boolean>
  on(kind: '*', listener: (event: RunEvent) => unknown): () => void
}

/** The engine of the moment: who keeps it may put another in its place, when the database was replaced. */
export type EngineSource = () => ServedEngine | Promise<ServedEngine>
