/** Names of attributes. There are no official ones for workflows, so they are in a namespace of their own. */
import type { Attributes } from '@opentelemetry/api'

const WORKFLOW = 'ai_workflows.workflow.name'
export const RUN_ID = 'ai_workflows.run.id'
export const RUN_PARENT = 'ai_workflows.run.parent_id'
export const RUN_STATUS = 'ai_workflows.run.status'
export const RUN_RECORDED = 'ai_workflows.run.recorded_steps'
export const GROUP_NAME = 'ai_workflows.group.name'
export const GROUP_KEY = 'ai_workflows.group.key'
export const GROUP_KIND = 'ai_workflows.group.kind'
export const GROUP_LIMIT = 'ai_workflows.group.concurrency'
export const GROUP_SIZE = 'ai_workflows.group.size'
export const GROUP_COMPLETED = 'ai_workflows.group.completed'
export const GROUP_FAILED = 'ai_workflows.group.failed'
export const STEP_NAME = 'ai_workflows.step.name'
export const STEP_KEY = 'ai_workflows.step.key'
export const STEP_ATTEMPT = 'ai_workflows.step.attempt'
export const STEP_STATUS = 'ai_workflows.step.status'
export const CANCEL_KIND = 'ai_workflows.cancel.kind'
/** Official: a low-cardinality class of errors. */
export const ERROR_TYPE = 'error.type'

export function ofWorkflow(workflow: string | undefined): Attributes {
  return workflow === undefined ? {} : { [WORKFLOW]: workflow }
}

/** `_OTHER` is the official name of what has no better one. */
export function errorType(error: unknown): string {
  return error instanceof Error && typeof error.name === 'string' && error.name !== '' ? error.name : '_OTHER'
}
