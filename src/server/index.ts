/** `import … from 'ai-workflows/server'`: the HTTP API. */
export { httpApi, type HttpApi, type HttpApiOptions } from './http-api.ts'
export type { ServedEngine, ServedRun } from './engine.ts'
export type {
  ApiCancel,
  ApiEntry,
  ApiError,
  ApiEvent,
  ApiJournal,
  ApiOperation,
  ApiRetry,
  ApiRun,
  ApiRunDetails,
  ApiRuns,
  ApiStart,
  ApiStatus,
  ApiTimeline,
  ApiWorkflow,
  ApiWorkflows,
} from './api.ts'
export type { ValueTree } from './value-tree.ts'
