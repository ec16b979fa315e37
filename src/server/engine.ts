import type { Codec } from '../core/codec/codec.ts'
import type { WorkflowCode } from '../core/definition.ts'
import type { RunHandle, StartOptions } from '../core/ports/engine.ts'
import type { RunEvent } from '../core/ports/observer.ts'
import type { InboxItem, JournalSurvey, Owner, Page, RunFilter, RunRecord } from '../core/ports/store.ts'
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
  start<I, O>(workflow: WorkflowCode<I, O>, input: I, options?: StartOptions): Promise<RunHandle<O>>
  get<I, O>(workflow: WorkflowCode<I, O>, id: string): RunHandle<O>
  find(id: string): RunHandle
  list(filter?: RunFilter, page?: Page): Promise<readonly RunRecord[]>
  lookUp(id: string): Promise<RunRecord | undefined>
  inspect(id: string): Promise<ServedRun>
  survey(id: string): Promise<{ readonly record: RunRecord; readonly journal: JournalSurvey }>
  executorOf(record: RunRecord): Promise<Owner | undefined>
  on(kind: '*', listener: (event: RunEvent) => unknown): () => void
}
