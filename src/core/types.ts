/** What the results of groups are made of. One mapped type each; no overloads. */
import type { BranchInput } from './branch.ts'

export type Branches = readonly BranchInput[] | Readonly<Record<string, BranchInput>>

/** What `parallel` takes: also an iterable, which is pulled as branches may start. */
export type ParallelBranches = Branches | Iterable<BranchInput>

/** Anything, inferred as narrowly as it was written: `'partial'` stays `'partial'`. */
export type Constant = string | number | bigint | boolean | symbol | object | null | undefined

/** What a branch resolves to. */
export type BranchResult<B> =
  B extends PromiseLike<infer T> ? T : B extends (...args: never[]) => infer R ? Awaited<R> : never

type Slot<T, Settle extends boolean, OnTimeout> = [Settle] extends [true]
  ? PromiseSettledResult<T>
  : 'partial' extends OnTimeout
    ? T | undefined
    : T

/** Tuples stay tuples, arrays arrays, records records; an iterable gives an array. */
export type ParallelResult<B extends ParallelBranches, Settle extends boolean, OnTimeout> =
  | (B extends Branches
      ? { -readonly [Place in keyof B]: Slot<BranchResult<B[Place]>, Settle, OnTimeout> }
      : B extends Iterable<infer One>
        ? Slot<BranchResult<One>, Settle, OnTimeout>[]
        : never)
  | Exclude<OnTimeout, 'partial'>

type WinnerOf<B> = {
  [Name in keyof B]: { readonly winner: Name; readonly value: BranchResult<B[Name]> }
}[keyof B]

export type RaceResult<B extends Branches, OnTimeout> =
  (B extends readonly unknown[] ? BranchResult<B[number]> : WinnerOf<B>) | OnTimeout
