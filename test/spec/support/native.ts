/** The language's own combinators beside ours, in every way in which a branch can be given to ours. */
import {
  any,
  type BranchInput,
  type EmbeddedEngine,
  parallel,
  race,
  step,
  StepError,
  workflow,
} from 'ai-workflows'
import { quiet } from './gate.ts'

export type Branch = () => unknown

export const COMBINATORS = ['race', 'any', 'all', 'allSettled'] as const
export type Combinator = (typeof COMBINATORS)[number]

export const WAYS = [
  'functions, outside',
  'steps, outside',
  'functions, in a run',
  'steps, in a run',
] as const
export type Way = (typeof WAYS)[number]

export type Outcome = PromiseSettledResult<unknown> | { readonly status: 'pending' }

/** What the language makes of the branches. */
export async function native(combinator: Combinator, branches: readonly Branch[]): Promise<Outcome> {
  const promises = branches.map(call)
  return await outcomeOf(nativePromise(combinator, promises))
}

function nativePromise(combinator: Combinator, promises: readonly Promise<unknown>[]): Promise<unknown> {
  switch (combinator) {
    case 'race':
      return Promise.race(promises)
    case 'any':
      return Promise.any(promises)
    case 'all':
      return Promise.all(promises)
    case 'allSettled':
      return Promise.allSettled(promises)
  }
}

/** A call whose throw is a rejection. */
function call(branch: Branch): Promise<unknown> {
  try {
    return Promise.resolve(branch())
  } catch (error) {
    return Promise.reject(error)
  }
}

/** What we make of them. */
export async function ours(
  combinator: Combinator,
  branches: readonly Branch[],
  way: Way,
  engine: EmbeddedEngine,
): Promise<Outcome> {
  const given = way.startsWith('steps')
    ? () => branches.map((branch, i) => step(`branch ${i}`, branch))
    : () => branches
  const body = async (): Promise<Outcome> => unwrapped(await outcomeOf(group(combinator, given())))
  if (way.endsWith('outside')) return await body()
  let outcome: Outcome = { status: 'pending' }
  const host = workflow({
    name: 'host',
    execute: async () => {
      outcome = await body()
    },
  })
  await host.run(null, { engine })
  return outcome
}

function group(combinator: Combinator, branches: readonly BranchInput[]): PromiseLike<unknown> {
  switch (combinator) {
    case 'race':
      return race(branches)
    case 'any':
      return any(branches)
    case 'all':
      return parallel(branches)
    case 'allSettled':
      return parallel(branches, { settle: true })
  }
}

async function outcomeOf(promise: PromiseLike<unknown>): Promise<Outcome> {
  const settled = promise.then(
    (value) => ({ status: 'fulfilled', value }) as const,
    (reason: unknown) => ({ status: 'rejected', reason }) as const,
  )
  return await Promise.race([settled, quiet(60).then(() => ({ status: 'pending' }) as const)])
}

/** A step's failure is told by an error of ours, with the function's own as its cause (E1). */
function unwrapped(outcome: Outcome): Outcome {
  if (outcome.status === 'rejected') return { status: 'rejected', reason: causeOf(outcome.reason) }
  if (outcome.status === 'pending' || !Array.isArray(outcome.value)) return outcome
  return { status: 'fulfilled', value: outcome.value.map(settledCause) }
}

function settledCause(member: unknown): unknown {
  const isRejection =
    typeof member === 'object' && member !== null && 'reason' in member && member.reason instanceof StepError
  return isRejection ? { status: 'rejected', reason: causeOf(member.reason) } : member
}

function causeOf(reason: unknown): unknown {
  if (reason instanceof StepError) return reason.cause
  if (reason instanceof AggregateError) return new AggregateError(reason.errors.map(causeOf), reason.message)
  return reason
}

/** Outcomes to compare: of an `AggregateError` the errors, in their order, and not its words. */
export function comparable(outcome: Outcome): unknown {
  if (outcome.status !== 'rejected' || !(outcome.reason instanceof AggregateError)) return outcome
  return { status: 'rejected', all: outcome.reason.errors }
}
