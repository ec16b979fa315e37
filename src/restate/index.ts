/** What `ai-workflows/restate` gives. */
export { serve, type ServeOptions, type WorkflowServer } from './serve.ts'
export { restate, type RestateOptions, type RestateEngine } from './engine.ts'
export type { RestateRun, RestateRunFilter } from './admin.ts'
