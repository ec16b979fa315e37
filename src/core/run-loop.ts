import { ambientStore, inOwnJob, restore } from './ambient.ts'
import { NonDeterminismError, quote } from './errors.ts'
import { LARGE, payloadSize } from './payload-size.ts'
import type { Clock } from './ports/clock.ts'
import type { Completion, Effects } from './ports/effects.ts'
import type { RunOutcome } from './ending.ts'
import { deliverTo } from './host.ts'
import type { Run } from './run.ts'
import { drained, nextTurn } from './turn.ts'

export interface LoopOptions {
  readonly clock: Clock
  /**
   * Milliseconds that a replay waits for the operation of a recorded completion to come to be, before it takes the
   * code for changed (D5): `execute` may be awaiting something that is not an operation.
   */
  readonly patience: number
  /** Ends such a wait: the run cannot go on here, for the signal's reason. */
  readonly interruption?: () => AbortSignal
}

/** After so many deliveries, timers and I/O get a turn: a few milliseconds of the code of most runs, also on a slow machine. */
const DELIVERIES_PER_TURN = 128

/**
 * Executes a run that has begun until `execute` ends: one completion at a time, microtasks drained in between (D2).
 *
 * @throws {NonDeterminismError} the code has changed since the journal was written (D5)
 * @throws whatever `effects.next()` rejects with: the run cannot go on here, and stays resumable
 */
export async function runLoop(run: Run, effects: Effects, options: LoopOptions): Promise<RunOutcome> {
  const home = ambientStore()
  await Promise.resolve() // whoever calls, the rest is in a microtask, as `drained` needs it
  await settled(run)
  while (run.outcome === undefined || run.replaying) {
    restore(home)
    await deliverAll(run, await effects.next(), options)
  }
  return run.outcome
}

/** Apart from the loop, so that a run which waits holds nothing of what it was given last: that may be large. */
async function deliverAll(run: Run, completions: readonly Completion[], options: LoopOptions): Promise<void> {
  let delivered = 0
  for (const completion of completions) {
    // Nothing is awaited without need: a replay does this for every step that was recorded.
    if (++delivered % DELIVERIES_PER_TURN === 0) await nextTurn()
    if (payloadSize(completion) > LARGE) await decodeAhead(run, completion)
    if (run.outcome === undefined && !run.knows(completion.key)) await expect(run, completion, options)
    if (run.outcome === undefined) deliver(run, completion)
    else if (run.knows(completion.key)) run.skip()
    else throw changed(run, completion, '`execute` ended without it.')
    // Most completions only make room for the next branch of a group: no code goes on, so there is nothing to drain.
    if (run.hasMoreToDo()) await settled(run)
  }
}

/** Resolves when the run can do nothing more before the next completion. */
export async function settled(run: Run): Promise<void> {
  do await drained()
  while (run.catchUp())
}

/** In turns of its own: not in that in which it was committed, or read. */
async function decodeAhead(run: Run, completion: Completion): Promise<void> {
  await nextTurn()
  if ('payload' in completion && run.outcome === undefined) await run.codec.decodeAhead(completion.payload)
}

function deliver(run: Run, completion: Completion): void {
  const instead = run.otherKind(completion)
  if (instead !== undefined)
    throw changed(run, completion, `What has this name now is of another kind (${instead}).`)
  inOwnJob(deliverTo, run, completion)
}

/** Resolves when the completion's operation exists, or `execute` has ended. */
async function expect(
  run: Run,
  completion: Completion,
  { clock, patience, interruption: signal }: LoopOptions,
): Promise<void> {
  const interruption = signal?.()
  const appeared = await new Promise<boolean>((resolve) => {
    const stopWaiting = run.whenKnown(completion.key, () => settle(true))
    const stopTimer = clock.after(patience, () => settle(false))
    const interrupted = (): void => settle(false)
    const settle = (found: boolean): void => {
      stopWaiting()
      stopTimer()
      interruption?.removeEventListener('abort', interrupted)
      resolve(found)
    }
    interruption?.addEventListener('abort', interrupted)
    if (interruption?.aborted) settle(false)
  })
  interruption?.throwIfAborted()
  if (!appeared && run.outcome === undefined && !run.endedWithoutItsCode(completion))
    throw changed(run, completion, waiting(run, patience))
  await settled(run)
}

function changed(run: Run, completion: Completion, detail: string): NonDeterminismError {
  return new NonDeterminismError(run.runId, completion.key, run.waitingKeys, detail)
}

function waiting(run: Run, patience: number): string {
  const keys = run.waitingKeys
  const shown = keys.slice(0, 5).map(quote).join(', ')
  return keys.length > 0
    ? `It waits for ${shown}${keys.length > 5 ? ` and ${keys.length - 5} more` : ''} instead. Either the code has changed since, or \`execute\` awaits something that is not an operation (nothing came of it for ${patience} ms).`
    : `It waits for no operation at all: either the code has changed since, or \`execute\` awaits something that is not an operation (a bare fetch or timer belongs in a step; nothing came of it for ${patience} ms).`
}
