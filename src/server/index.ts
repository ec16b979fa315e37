/** `import … from 'ai-workflows/server'`: the HTTP API. */
export { httpApi, type HttpApiOptions } from './http-api.ts'
export type { HttpApi } from './serve.ts'
export type { ServedEngine, ServedRun } from './engine.ts'
export type {
  ApiAccepted,
  ApiCancel,
  ApiChange,
  ApiEntry,
  ApiError,
  ApiEvent,
  ApiJournal,
  ApiOperation,
  ApiRetry,
  ApiRun,
  ApiRunChange,
  ApiRunDetails,
  ApiRuns,
  ApiStart,
  ApiStatus,
  ApiTimeline,
  ApiValue,
  ApiWorkflow,
  ApiWorkflows,
} from './api.ts'
export type { ValueTree } from './value-tree.ts'
