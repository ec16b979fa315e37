/** The front door: everything that `import … from 'ai-workflows'` gives. */
import { createEngine } from './create-engine.ts'
import { provideDefaultEngine } from './core/default-engine.ts'

provideDefaultEngine(() => createEngine())

export type { StepOptions } from './core/step-options.ts'
export { step } from './core/step.ts'
export { parallel, type ParallelOptions } from './core/parallel.ts'
export { any, race, type RaceOptions } from './core/race.ts'
export { workflow, type EngineOption, type Untyped, type Workflow } from './core/workflow.ts'
export { setDefaultEngine } from './core/default-engine.ts'
export { createEngine, type EngineOptions } from './create-engine.ts'
export { type EmbeddedEngine, type RunDetails } from './engine/embedded-engine.ts'
export type { RunPast } from './engine/run-past.ts'
export type { WorkOptions } from './engine/options.ts'
export type { Keep } from './engine/retention.ts'
export { timelineOf } from './timeline/timeline-of.ts'
export type { RunHistory, TimelineOptions } from './timeline/source.ts'
export type {
  Advice,
  CriticalSegment,
  OperationState,
  Phase,
  Span,
  Timeline,
  TimelineGroup,
  TimelineOperation,
  TimelineRun,
  TimelineTotals,
} from './timeline/timeline.ts'
export { memoryStore } from './store/memory/index.ts'
export type { Operation } from './core/operation.ts'
export type { BranchContext, BranchInput } from './core/branch.ts'
export type {
  BranchResult,
  Branches,
  ParallelBranches,
  Constant,
  ParallelResult,
  RaceResult,
} from './core/types.ts'
export type { GroupOptions } from './core/group-options.ts'
export type { Context } from './core/context.ts'
export type { StepInfo } from './core/step-table.ts'
export type { WorkflowCode, WorkflowDefinition } from './core/definition.ts'
export type { StepContext, StepFunction } from './core/step-function.ts'
export type {
  Compensate,
  CompensateFunction,
  CompensateOptions,
  CompensationContext,
} from './core/compensation.ts'
export type { RetryOptions } from './core/retry-policy.ts'
export type { Duration } from './core/duration.ts'
export type { Invocable, InvokeOptions } from './core/invoke.ts'
export type { ReceivedEvent, WaitForEventOptions } from './core/event.ts'
export type { Schema } from './core/schema.ts'
export type {
  Engine,
  ForkOptions,
  RunHandle,
  RunRetryOptions,
  StartOptions,
  Zombie,
} from './core/ports/engine.ts'
export type { Clock } from './core/ports/clock.ts'
export type { Telemetry } from './core/ports/telemetry.ts'
export type { Random } from './core/ports/random.ts'
export type { LogFields, Logger, LogLevel } from './core/ports/logger.ts'
export type {
  EventOfRun,
  EventPlace,
  GroupCounts,
  RunEvent,
  RunEventFields,
  RunEventKind,
  RunEventListener,
} from './core/ports/observer.ts'
export type { ListenOptions } from './engine/listeners.ts'
export {
  CancelledError,
  ChildError,
  CompensationError,
  EngineStoppedError,
  InvalidInputError,
  NestedOperationError,
  NonDeterminismError,
  RunBlockedError,
  RunConflictError,
  RunNotFoundError,
  SerializationError,
  StepError,
  StepNotFoundError,
  StoreError,
  TimeoutError,
  WorkflowError,
  WorkflowNotFoundError,
  type CancelKind,
  type CancelReason,
  type CompensationFailure,
  type ErrorCode,
  type StoreProblem,
} from './core/errors.ts'

// For those who keep runs elsewhere (the cases in `ai-workflows/testing` say what a store must do), or read journals.
export type {
  Claim,
  ChangeMarks,
  CommitResult,
  InboxItem,
  JournalEntry,
  JournalSurvey,
  NewRun,
  Note,
  Owner,
  Page,
  Park,
  Pruned,
  PruneRequest,
  Reopening,
  RunFilter,
  RunRecord,
  RunStatus,
  Store,
  Write,
  ZombieRecord,
} from './core/ports/store.ts'
export type {
  BackupReport,
  Diagnosis,
  Finding,
  Maintenance,
  Severity,
  StoreSize,
  VacuumReport,
} from './core/ports/maintenance.ts'
export type {
  AbortAbsent,
  Aborted,
  CancelRequested,
  ChildDone,
  ChildFailed,
  Completion,
  Encoded,
  EventFailed,
  EventReceived,
  Key,
  StepDone,
  StepFailed,
  Stopped,
  TimerFired,
} from './core/ports/effects.ts'
