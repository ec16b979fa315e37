import { TerminalError } from '@restatedev/restate-sdk'
import type { Codec } from '../core/codec/codec.ts'
import type { WorkflowCode } from '../core/definition.ts'
import { encodeInput } from '../core/encode-input.ts'
import { encodedCode } from '../core/encoded-code.ts'
import type { Failed } from '../core/ending.ts'
import { CancelledError, messageOf } from '../core/errors.ts'
import { mutedWhile } from '../core/log-wrappers.ts'
import { reportNeverAwaited } from '../core/never-awaited.ts'
import { placesOf } from '../core/places.ts'
import type { Clock } from '../core/ports/clock.ts'
import type { Encoded } from '../core/ports/effects.ts'
import type { Logger } from '../core/ports/logger.ts'
import { runLoop } from '../core/run-loop.ts'
import { Run } from '../core/run.ts'
import type { PlaceOf } from './served.ts'
import { failureIn } from './failure.ts'
import type { InProgress } from './in-progress.ts'
import type { Begin, Completed, Failure } from './messages.ts'
import { end, NOTHING, recordedBy } from './recorded.ts'
import { RestateEffects, type RunContext } from './restate-effects.ts'

export interface ServedWorkflow {
  /** Under this name. */
  readonly service: string
  readonly workflow: WorkflowCode
}

export interface ExecutionParts {
  readonly codec: Codec
  readonly clock: Clock
  readonly log: Logger
  /** Milliseconds before a replay without progress is parked (D5). */
  readonly patience: number
  readonly running: InProgress
  readonly placeOf: PlaceOf
}

/**
 * One attempt of Restate at one run: executes the workflow's code over its journal.
 * @throws {TerminalError} the run failed or was cancelled
 * @throws whatever else: Restate tries again
 */
export async function execute(
  ctx: RunContext,
  begin: Begin,
  { workflow, service }: ServedWorkflow,
  parts: ExecutionParts,
): Promise<Completed> {
  const { codec, clock, patience } = parts
  const id = begin.id ?? ctx.key
  const recorded = begin.repeats === undefined ? NOTHING : await recordedBy(ctx, service, begin.repeats)
  if (recorded.output !== undefined) return { output: recorded.output, endedAt: begin.createdAt }
  const effects = new RestateEffects({
    ctx,
    runId: id,
    createdAt: begin.createdAt,
    codec,
    clock,
    patience,
    placeOf: (effect, now) => parts.placeOf({ ...begin, id }, effect, now),
    failureIn: (error, child) => failureIn(error, child, codec),
    recorded,
  })
  const ended = ctx.request().attemptCompletedSignal
  const leave = (): void => effects.abandon(new CancelledError({ kind: 'run-interrupted' }))
  ended.addEventListener('abort', leave, { once: true })
  const executing = { settle: () => effects.settle(), leave }
  parts.running.add(executing)
  try {
    const input = await inputOf(ctx, begin, workflow, parts)
    const run = begunRun(ctx, { ...begin, input }, workflow, effects, parts)
    const outcome = await Promise.race([runLoop(run, effects, { clock, patience }), effects.unstartable])
    if (outcome.status !== 'cancelled' && ctx.isProcessing()) reportNeverAwaited(run, parts.log)
    if (outcome.status !== 'completed') {
      end(ctx, null, effects.history)
      return await fail(ctx, outcome, effects.now, parts)
    }
    const output = outcome.value as Encoded
    if (begin.parent !== undefined) end(ctx, output, NOTHING)
    return { output, endedAt: effects.now }
  } catch (error) {
    if (error instanceof TerminalError) throw error
    leave()
    throw error
  } finally {
    parts.running.delete(executing)
    ended.removeEventListener('abort', leave)
  }
}

/** @throws {TerminalError} the schema refuses it: then the run fails before it begins */
async function inputOf(
  ctx: RunContext,
  { input, unchecked, createdAt }: Begin,
  workflow: WorkflowCode,
  parts: ExecutionParts,
): Promise<Encoded> {
  const { codec } = parts
  if (unchecked !== true || workflow.definition.input === undefined) return input
  try {
    return await encodeInput(codec, workflow, codec.decode(input))
  } catch (error) {
    return await fail(ctx, { status: 'failed', error }, createdAt, parts)
  }
}

function begunRun(
  ctx: RunContext,
  { id, seed, createdAt, input }: Begin,
  workflow: WorkflowCode,
  effects: RestateEffects,
  { codec, log }: ExecutionParts,
): Run {
  const identity = { id: id ?? ctx.key, name: workflow.name, seed, createdAt, places: placesOf(workflow) }
  const run = new Run(
    identity,
    effects,
    codec,
    mutedWhile(log, () => !ctx.isProcessing()),
  )
  run.begin(encodedCode(workflow, codec), codec.decode(input))
  return run
}

/**
 * The run's account of its failure, recorded: a stack is another in each execution, and Restate compares what a replay ends with.
 * @param endedAt follows from the journal, for the same reason
 * @throws {TerminalError}
 */
async function fail(
  ctx: RunContext,
  { status, error }: Failed,
  endedAt: number,
  { codec }: ExecutionParts,
): Promise<never> {
  const { message, metadata } = await ctx.run(status, () => {
    const failure: Failure = { status, error: codec.encodeError(error), endedAt: `${endedAt}` }
    return { message: messageOf(error), metadata: failure }
  })
  throw new TerminalError(message, { errorCode: status === 'cancelled' ? 409 : 500, metadata })
}
