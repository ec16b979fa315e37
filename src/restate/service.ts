/** A workflow as a service of Restate: `run` executes it, once for each id; the other handlers are for those who hold a handle. */
import {
  handlers,
  InvocationIdParser,
  TerminalError,
  workflow as restateWorkflow,
  type WorkflowContext,
  type WorkflowDefinition,
  type WorkflowSharedContext,
} from '@restatedev/restate-sdk'
import type { WorkflowCode } from '../core/definition.ts'
import { type Pausing, pausedWhereChanged } from './changed-code.ts'
import { execute, type ExecutionParts } from './execution.ts'
import { json } from './json.ts'
import {
  ABOUT,
  type About,
  type Begin,
  CANCEL,
  CANCEL_PROMISE,
  type CancelRequest,
  type Completed,
  inboxPromise,
  RECORDED,
  RETRIED_PROMISE,
  RETRY,
  RUN,
  type Sent,
  SIGNAL,
  SUCCESSOR,
} from './messages.ts'
import { recordedPart } from './recorded.ts'
import { executionId } from './served.ts'
import type { RunContext } from './restate-effects.ts'

export interface ServiceTimes {
  /** Milliseconds that an ended run can be asked for, and its id is taken. */
  readonly keep: number
  /** Milliseconds without anything to record, before Restate puts a run away. */
  readonly inactivity: number
}

/** Milliseconds that a step may go on when its run is to be put away: what it comes to is recorded, and so it is not repeated. */
const LONGEST_STEP = 30 * 24 * 60 * 60 * 1000

/** For handlers that wait: they see the run's state as it is when they look, not as it was when they began. */
const AS_IT_IS = { enableLazyState: true }

/** How often a run is looked at that has not begun, in milliseconds. */
const LOOK = 50

export type WorkflowService = WorkflowDefinition<string, unknown>

export function asService(
  name: string,
  workflow: WorkflowCode,
  parts: ExecutionParts & Pausing,
  { keep, inactivity }: ServiceTimes,
): WorkflowService {
  return restateWorkflow({
    name,
    handlers: {
      run: handlers.workflow.workflow((ctx: WorkflowContext, begin: Begin): Promise<Completed> => {
        const about: About = { begin, invocation: ctx.request().id }
        ctx.set(ABOUT, about)
        return execute(ctx as RunContext, begin, { service: name, workflow }, parts)
      }),
      [SIGNAL]: handlers.workflow.shared(signal),
      [CANCEL]: handlers.workflow.shared(AS_IT_IS, cancel),
      [ABOUT]: handlers.workflow.shared(about),
      [RECORDED]: handlers.workflow.shared(AS_IT_IS, recordedPart),
      [SUCCESSOR]: handlers.workflow.shared(successor),
      [RETRY]: handlers.workflow.shared((ctx: WorkflowSharedContext) => retry(ctx, name)),
    },
    options: {
      workflowRetention: keep,
      journalRetention: keep,
      inactivityTimeout: inactivity,
      abortTimeout: LONGEST_STEP,
      explicitCancellation: true,
      hooks: [
        ({ request }) => ({
          interceptor: { handler: (next) => pausedWhereChanged(next, request.id, parts) },
        }),
      ],
    },
  })
}

/** Puts the event under the next free number: two that come at once get two. */
async function signal(ctx: WorkflowSharedContext, sent: Sent): Promise<void> {
  for (let place = await firstFree(ctx); !(await resolve(ctx, inboxPromise(place), sent)); place++);
}

/** The first request counts. One that comes before the run has begun waits for that. */
async function cancel(ctx: WorkflowSharedContext, request: CancelRequest): Promise<void> {
  await resolve(ctx, CANCEL_PROMISE, request)
  let begun = await ctx.get<About>(ABOUT)
  for (; begun === null; begun = await ctx.get<About>(ABOUT)) await ctx.sleep(LOOK)
  ctx.invocation(InvocationIdParser.fromString(begun.invocation)).cancel()
}

/**
 * Starts the execution that repeats this one, which has ended without success.
 * @returns its id: of two requests the first counts
 */
async function retry(ctx: WorkflowSharedContext, service: string): Promise<string> {
  const begun = (await ctx.get<About>(ABOUT))?.begin
  if (begun === undefined) throw new TerminalError('the run has not begun')
  const { id = ctx.key, round = 0 } = begun
  const next = executionId(id, round + 1)
  ctx.genericSend<Begin>({
    service,
    method: RUN,
    key: next,
    parameter: { ...begun, id, round: round + 1, repeats: ctx.key },
    inputSerde: json(),
  })
  await resolve(ctx, RETRIED_PROMISE, next)
  return next
}

/** Restate's id of the execution that repeats this one; null when none does. */
async function successor(ctx: WorkflowSharedContext): Promise<string | null> {
  return (await ctx.promise<string>(RETRIED_PROMISE).peek()) ?? null
}

/** What the run was started with; null before it has begun. */
async function about(ctx: WorkflowSharedContext): Promise<Begin | null> {
  return (await ctx.get<About>(ABOUT))?.begin ?? null
}

/** @returns whether it was the first to do so */
async function resolve(ctx: WorkflowSharedContext, name: string, value: unknown): Promise<boolean> {
  try {
    await ctx.promise(name).resolve(value)
    return true
  } catch (error) {
    if (error instanceof TerminalError) return false
    throw error
  }
}

/** Numbers are taken without gaps, so that the first free one is found by halving. */
async function firstFree(ctx: WorkflowSharedContext): Promise<number> {
  const isTaken = async (place: number): Promise<boolean> =>
    (await ctx.promise<Sent>(inboxPromise(place)).peek()) !== undefined
  if (!(await isTaken(0))) return 0
  let taken = 0
  let free = 1
  while (await isTaken(free)) [taken, free] = [free, free * 2]
  while (free - taken > 1) {
    const middle = Math.floor((taken + free) / 2)
    if (await isTaken(middle)) taken = middle
    else free = middle
  }
  return free
}
