/** Executes a program of `program.ts` with the library, as a user's workflow would, and logs what happens and what it sees. */
import { setTimeout as pause } from 'node:timers/promises'
import {
  any,
  CancelledError,
  type Context,
  type Operation,
  parallel,
  race,
  step,
  type StepContext,
  workflow,
  type Workflow,
} from '../../src/index.ts'
import { describeError } from './describe.ts'
import type { Log } from './log.ts'
import type { Block, Does, GroupOp, Member, Op, StepOp } from './program.ts'

/** Told of every moment at which a process may want to die. */
export type Moments = (moment: 'execute' | 'begin' | 'effect' | 'saw') => void

/** Takes down what happens, before anything else does. */
export type Notes = Pick<Log, 'executing' | 'begins' | 'effect' | 'saw'>

/** @param log of the round that is going on */
export function torture(log: () => Notes, moments: Moments): Workflow<Block> {
  const code: Workflow<Block> = workflow({
    name: 'torture',
    execute: async (ctx, body: Block) => {
      const n = log().executing(ctx.id)
      moments('execute')
      return await new Performer({ ctx, log, moments, n, code }).block(body, '')
    },
  })
  return code
}

interface Surroundings {
  readonly ctx: Context
  readonly log: () => Notes
  readonly moments: Moments
  /** Number of this execution. */
  readonly n: number
  readonly code: Workflow<Block>
}

class Performer {
  readonly #around: Surroundings

  constructor(around: Surroundings) {
    this.#around = around
  }

  async block(block: Block, path: string): Promise<unknown[]> {
    const results: unknown[] = []
    for (const [index, { of, guard }] of block.entries()) {
      const place = `${path}${index}`
      let value: unknown
      try {
        value = shown(await this.#make(of, place))
      } catch (error) {
        if (!guard || error instanceof CancelledError) throw error
        value = { error: describeError(error) }
      }
      this.#saw(place, value)
      results.push(value)
    }
    return results
  }

  #saw(path: string, value: unknown): void {
    const { ctx, log, moments, n } = this.#around
    log().saw(n, ctx.id, path, value)
    moments('saw')
  }

  #make(op: Op, path: string): Operation<unknown> {
    const { ctx, code } = this.#around
    switch (op.op) {
      case 'step':
        return this.#step(op)
      case 'sleep':
        return ctx.sleep(op.ms)
      case 'event':
        return op.timeout === undefined
          ? ctx.waitForEvent(op.name)
          : ctx.waitForEvent(op.name, { timeout: op.timeout, timeoutValue: 'no event' })
      case 'child':
        return ctx.invoke(code, op.body)
      case 'parallel':
      case 'race':
      case 'any':
        return this.#group(op, path)
    }
  }

  #step({ name, does, retry, timeout }: StepOp): Operation<unknown> {
    return step(name, (context) => this.#call(does, context), {
      ...(retry === undefined
        ? {}
        : {
            retry: {
              maxAttempts: retry.maxAttempts,
              initialDelay: retry.delay,
              backoff: 'fixed',
              jitter: false,
            },
          }),
      ...(timeout === undefined ? {} : { timeout }),
    })
  }

  #group(op: GroupOp, path: string): Operation<unknown> {
    const { name, concurrency, settle, stagger, timeout, onTimeout } = op
    const members = op.members.map((member, index) => this.#member(member, `${path}.${index}/`))
    const options = {
      ...(name === undefined ? {} : { name }),
      ...(timeout === undefined ? {} : { timeout }),
      ...(onTimeout === undefined ? {} : { timeoutValue: onTimeout }),
    }
    if (op.op === 'parallel')
      return parallel(members, {
        ...options,
        ...(concurrency === undefined ? {} : { concurrency }),
        ...(settle === undefined ? {} : { settle }),
      })
    const more = { ...options, ...(stagger === undefined ? {} : { stagger }) }
    return op.op === 'race' ? race(members, more) : any(members, more)
  }

  #member(member: Member, path: string): Operation<unknown> | (() => Promise<unknown>) {
    return member.op === 'function' ? () => this.block(member.body, path) : this.#make(member, path)
  }

  /** The default idempotency key is the run's id and the step's key. */
  async #call(does: Does, { attempt, idempotencyKey, signal }: StepContext): Promise<unknown> {
    const { ctx, log, moments, n } = this.#around
    const key = idempotencyKey.slice(ctx.id.length + 1)
    log().begins(n, ctx.id, key, attempt)
    moments('begin')
    await pause(does.kind === 'hang' ? 600_000 : does.ms, undefined, { signal })
    log().effect(n, ctx.id, key, attempt)
    moments('effect')
    if (does.kind === 'fail' || (does.kind === 'flaky' && attempt <= does.fails))
      throw new RangeError(`no ${does.value}`)
    return does.value
  }
}

/** What an operation resolved to, as plain JSON. */
function shown(value: unknown): unknown {
  if (value === undefined) return 'nothing'
  if (Array.isArray(value)) return value.map(shown)
  if (typeof value !== 'object' || value === null || !('status' in value)) return value
  const settled = value as PromiseSettledResult<unknown>
  return settled.status === 'fulfilled' ? { ok: shown(settled.value) } : { no: describeError(settled.reason) }
}
