import type { Branch } from './branch.ts'
import { branchSource } from './branch-source.ts'
import { createOperation } from './create-operation.ts'
import type { Duration } from './duration.ts'
import type { CancelReason } from './errors.ts'
import { Group, type Policy, type Verdict } from './group.ts'
import { type GroupOptions, groupSettings, RACE_OPTIONS } from './group-options.ts'
import { inlineScope } from './inline.ts'
import type { Operation } from './operation.ts'
import { ambientScope, type Scope } from './scope.ts'
import type { Branches, Constant, RaceResult } from './types.ts'
import { withoutFrames } from './without-frames.ts'

export interface RaceOptions<OnTimeout extends Constant = Constant> extends GroupOptions {
  /** What to return when the time is up, instead of throwing a `TimeoutError`. */
  readonly timeoutValue?: OnTimeout
  /** Start the next branch only when the one before has been running this long, or has failed. Default: all at once. */
  readonly stagger?: Duration
}

/**
 * Settles as the first of its branches settles, and aborts the others. Which one was first is decided by the
 * journal, so a replay cannot choose another.
 *
 * @param branches an array (resolves to the value) or a record (resolves to `{ winner, value }`)
 * @throws {TypeError} at the call, for a bad argument or no branches: a race of nobody would never end (M11)
 * @throws {TimeoutError} when awaited: the time was up, and there is no `timeoutValue`
 */
export function race<const B extends Branches, OnTimeout extends Constant = never>(
  branches: B,
  options?: RaceOptions<OnTimeout>,
): Operation<RaceResult<B, NoInfer<OnTimeout>>> {
  return raceIn(ambientScope('race()') ?? inlineScope(), branches, options, race)
}

/**
 * The first of its branches to succeed; the others are aborted. Fails only when all have failed.
 *
 * @param branches an array (resolves to the value) or a record (resolves to `{ winner, value }`)
 * @throws {TypeError} at the call, for a bad argument
 * @throws {AggregateError} when awaited: every branch failed; `errors` are in input order
 * @throws {TimeoutError} when awaited: the time was up, and there is no `timeoutValue`
 */
export function any<const B extends Branches, OnTimeout extends Constant = never>(
  branches: B,
  options?: RaceOptions<OnTimeout>,
): Operation<RaceResult<B, NoInfer<OnTimeout>>> {
  return anyIn(ambientScope('any()') ?? inlineScope(), branches, options, any)
}

export function raceIn<R>(
  scope: Scope,
  branches: unknown,
  options: RaceOptions | undefined,
  caller: object,
): Operation<R> {
  const group = firstOf('race', scope, branches, options, (branch, one) =>
    branch.fulfilled ? won(branch, one) : lost(branch),
  )
  return createOperation(scope, group.key, group, caller) as Operation<R>
}

export function anyIn<R>(
  scope: Scope,
  branches: unknown,
  options: RaceOptions | undefined,
  caller: object,
): Operation<R> {
  const group = firstOf('any', scope, branches, options, (branch, one) =>
    branch.fulfilled ? won(branch, one) : undefined,
  )
  return createOperation(scope, group.key, group, caller) as Operation<R>
}

function firstOf(
  kind: 'race' | 'any',
  scope: Scope,
  branches: unknown,
  options: RaceOptions | undefined,
  afterBranch: Policy['afterBranch'],
): Group {
  const where = `${kind}()`
  const settings = groupSettings(where, options, RACE_OPTIONS)
  const source = branchSource(where, branches, scope, false)
  if (kind === 'race' && source.size === 0)
    throw new TypeError('race(): expected at least one branch; a race of nobody would never end')
  const key = scope.keyFor(options?.name ?? kind)
  const onTimeout =
    options !== undefined && 'timeoutValue' in options ? { value: options.timeoutValue } : undefined
  return new Group(scope, key, source, policy(kind, afterBranch, onTimeout), settings)
}

function policy(
  title: 'race' | 'any',
  afterBranch: Policy['afterBranch'],
  onTimeout: { readonly value: unknown } | undefined,
): Policy {
  return {
    title,
    // The errors of `any`; a race has ended before anybody asks.
    resultOf: (branch) => branch.outcome,
    afterBranch,
    afterAll: (group) => ({
      fulfilled: false,
      outcome: allFailed(group),
      because: { kind: 'race-lost', by: group.key },
    }),
    onTimeout(group, error) {
      const because: CancelReason = { kind: 'timeout', by: group.key, cause: error }
      return onTimeout === undefined
        ? { fulfilled: false, outcome: error, because }
        : { fulfilled: true, outcome: onTimeout.value, because }
    },
  }
}

function won(branch: Branch, group: Group): Verdict {
  const winner = group.names?.[branch.index]
  const outcome = winner === undefined ? branch.outcome : { winner, value: branch.outcome }
  return { fulfilled: true, outcome, because: { kind: 'race-lost', by: branch.key } }
}

function lost(branch: Branch): Verdict {
  return { fulfilled: false, outcome: branch.outcome, because: { kind: 'race-lost', by: branch.key } }
}

function allFailed(group: Group): AggregateError {
  const errors = group.results
  const message =
    errors.length === 0 ? 'any() has no branches' : `All ${errors.length} branches of ${group.title} failed`
  return withoutFrames(new AggregateError(errors, message))
}
