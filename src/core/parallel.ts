import type { Branch } from './branch.ts'
import { branchSource } from './branch-source.ts'
import type { CancelReason } from './errors.ts'
import { Group, type Policy, type Verdict } from './group.ts'
import { type GroupOptions, groupSettings, PARALLEL_OPTIONS } from './group-options.ts'
import { inlineScope } from './inline.ts'
import { createOperation } from './create-operation.ts'
import type { Operation } from './operation.ts'
import type { GroupCounts } from './ports/observer.ts'
import { ambientScope, type Scope } from './scope.ts'
import type { Constant, ParallelBranches, ParallelResult } from './types.ts'

export interface ParallelOptions<
  Settle extends boolean = boolean,
  OnTimeout extends Constant = Constant,
> extends GroupOptions {
  /** At most this many branches run at once; the next starts, in input order, the moment one ends. Default: no limit. */
  readonly concurrency?: number
  /** `true`: no failure of a branch fails the group; the result has a `PromiseSettledResult` for each. Default `false`. */
  readonly settle?: Settle
  /**
   * What to return when the time is up, instead of throwing a `TimeoutError`: `'partial'` for what completed so far
   * with `undefined` in the other places (with `settle`: rejected with the `TimeoutError`), anything else for itself.
   * Of an iterable's branches only those that have started have a place.
   */
  readonly timeoutValue?: OnTimeout
  /** Called after every branch (`total` counts those of an iterable that have started so far), also again by a replay. What it throws is logged and changes nothing. */
  readonly onProgress?: (progress: GroupCounts) => void
}

/**
 * Runs branches at the same time and returns all their results, in the same places.
 *
 * By default the first failure (in journal order) aborts the other branches and is thrown. An operation in `branches`
 * starts when its turn comes; a function is called then, and may await several operations.
 *
 * @param branches an array (tuples keep their types), a record, or an iterable such as a generator's. That is pulled only
 *   when a branch may start, so that with a `concurrency` few of its branches exist at a time; its code is workflow code
 *   like that around it. It gives an array.
 * @throws {TypeError} at the call, for a bad argument or a promise among the branches (M8)
 * @throws whatever an iterator throws, or the `TypeError` for a promise that it yields, when awaited: also with `settle`
 * @throws {TimeoutError} when awaited: the time was up, and there is no `timeoutValue`
 * @throws {CancelledError} when awaited: the group was cancelled
 */
export function parallel<
  const B extends ParallelBranches,
  Settle extends boolean = false,
  OnTimeout extends Constant = never,
>(
  branches: B,
  options?: ParallelOptions<Settle, OnTimeout>,
): Operation<ParallelResult<B, Settle, NoInfer<OnTimeout>>> {
  return parallelIn(ambientScope('parallel()') ?? inlineScope(), branches, options, parallel)
}

export function parallelIn<R>(
  scope: Scope,
  branches: unknown,
  options: ParallelOptions | undefined,
  caller: object,
): Operation<R> {
  const settings = groupSettings('parallel()', options, PARALLEL_OPTIONS)
  const source = branchSource('parallel()', branches, scope, true)
  const settle = options?.settle === true
  const onTimeout =
    options !== undefined && 'timeoutValue' in options ? { value: options.timeoutValue } : undefined
  const key = scope.keyFor(options?.name ?? 'parallel')
  const group = new Group(scope, key, source, policy(settle, onTimeout), settings)
  return createOperation(scope, key, group, caller) as Operation<R>
}

function policy(settle: boolean, onTimeout: { readonly value: unknown } | undefined): Policy {
  return {
    title: 'parallel',
    resultOf: settle ? settled : valueOf,
    afterBranch: (branch) => (branch.fulfilled || settle ? undefined : failFast(branch)),
    afterAll: (group) => fulfilled(named(group, group.results), { kind: 'run-ended' }),
    onTimeout(group, error) {
      const because: CancelReason = { kind: 'timeout', by: group.key, cause: error }
      if (onTimeout === undefined) return { fulfilled: false, outcome: error, because }
      if (onTimeout.value !== 'partial') return fulfilled(onTimeout.value, because)
      const unfinished = settle ? { status: 'rejected', reason: error } : undefined
      return fulfilled(named(group, padded(group, unfinished)), because)
    },
  }
}

function failFast(branch: Branch): Verdict {
  return {
    fulfilled: false,
    outcome: branch.outcome,
    because: { kind: 'sibling-failed', by: branch.key, cause: branch.outcome },
  }
}

function fulfilled(outcome: unknown, because: CancelReason): Verdict {
  return { fulfilled: true, outcome, because }
}

/** Positions and names are kept. `fromEntries` defines its properties, so a branch named `__proto__` is one like any other. */
function named({ names }: Group, results: unknown[]): unknown {
  return names === undefined
    ? results
    : Object.fromEntries(names.map((name, index) => [name, results[index]]))
}

/** The results there are, and `unfinished` in the other places. */
function padded({ results, size }: Group, unfinished: unknown): unknown[] {
  return Array.from({ length: size }, (_, index) =>
    results[index] === undefined ? unfinished : results[index],
  )
}

function valueOf(branch: Branch): unknown {
  return branch.outcome
}

function settled(branch: Branch): PromiseSettledResult<unknown> {
  return branch.fulfilled
    ? { status: 'fulfilled', value: branch.outcome }
    : { status: 'rejected', reason: branch.outcome }
}
