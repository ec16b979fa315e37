/** Executes a random program as an `execute` would, and notes everything that it sees, in the order in which it sees it. */
import {
  any,
  type CompensationContext,
  type Context,
  type Operation,
  parallel,
  race,
  step,
  type StepContext,
  workflow,
} from 'ai-workflows'
import type { Behaviour, Block, Item, Member, Op, Statement } from './program.ts'
import { describe, type Seen } from './seen.ts'

/** What one execution has, besides its `ctx`. */
export interface Surroundings {
  readonly trace: Seen[]
  /** Calls of step functions: run, key and attempt. */
  readonly calls: string[]
  /** Keys of the steps that were called and have a compensation. */
  readonly compensable: Set<string>
  /** What compensations were given: the key of the step, its result, and why. */
  readonly undone: { readonly key: string; readonly result: unknown; readonly error: unknown }[]
  /** Virtual time, for the functions of steps. */
  delay(ms: number): Promise<void>
  /** Aborted by the world when it pleases. */
  readonly outside: AbortSignal
}

const children = {
  done: workflow({ name: 'child-done', execute: () => 0 }),
  failed: workflow({ name: 'child-failed', execute: () => 0 }),
  never: workflow({ name: 'child-never', execute: () => 0 }),
}

export async function execute(program: Block, ctx: Context, around: Surroundings): Promise<unknown> {
  const state: State = { ctx, around, shared: [], floating: [], own: new AbortController() }
  ctx.signal.addEventListener('abort', () => around.trace.push(describe(['run aborted', ctx.signal.reason])))
  await new Interpreter(state, Number.POSITIVE_INFINITY, false).block(program)
  return around.trace.length
}

interface State {
  readonly ctx: Context
  readonly around: Surroundings
  readonly shared: Operation<unknown>[]
  readonly floating: Promise<void>[]
  readonly own: AbortController
}

class Interpreter {
  readonly #state: State
  readonly #joinable: number
  readonly #ends: boolean

  /**
   * @param joinable how many of the floating helpers may be joined: those begun before, or two could wait for each other
   * @param ends whether everything must come to an end by itself: inside a section that no cancellation reaches
   */
  constructor(state: State, joinable: number, ends: boolean) {
    this.#state = state
    this.#joinable = joinable
    this.#ends = ends
  }

  get #ctx(): Context {
    return this.#state.ctx
  }

  get #around(): Surroundings {
    return this.#state.around
  }

  async block(block: Block): Promise<void> {
    for (const statement of block) await this.#statement(statement)
  }

  #see(...what: unknown[]): void {
    this.#around.trace.push(describe(what))
  }

  /** Any difference in what was seen before becomes a difference in what is done next. */
  #holds(modulus: number): boolean {
    return this.#around.trace.length % modulus === 0
  }

  async #statement(statement: Statement): Promise<void> {
    switch (statement.do) {
      case 'await':
        return await this.#outcome(statement.guard, statement.of.op, this.#operation(statement.of))
      case 'ticks':
        for (let tick = 0; tick < statement.count; tick++) await Promise.resolve()
        return this.#see('ticks')
      case 'observe':
        return this.#see(statement.what, this.#observe(statement.what))
      case 'create':
        this.#state.shared.push(this.#operation(statement.of))
        return
      case 'abort':
        return this.#state.own.abort(new RangeError('enough'))
      case 'throw':
        throw thrown('thrown')
      case 'float': {
        const { floating } = this.#state
        const helper = new Interpreter(this.#state, floating.length, this.#ends).#helper(statement.body)
        helper.catch(() => undefined) // a promise that nobody joins is the program's own affair
        floating.push(helper)
        return
      }
      case 'section':
        return await this.#outcome(statement.guard, 'section', this.#section(statement.body))
      case 'join':
        return await this.#outcome(statement.guard, 'join', this.#joined(statement.index))
      case 'combine':
        return await this.#outcome(
          statement.guard,
          statement.how,
          this.#combine(statement.how, statement.items),
        )
      case 'try':
        return await this.#try(statement)
      case 'if':
        return await this.block(this.#holds(statement.modulus) ? statement.then : statement.otherwise)
      case 'repeat':
        for (let time = 0; time < statement.times; time++) await this.block(statement.body)
        return
    }
  }

  #joined(index: number): Promise<void> | undefined {
    const { floating } = this.#state
    const count = Math.min(floating.length, this.#joinable)
    return count === 0 ? undefined : floating[index % count]
  }

  async #outcome(guard: boolean, what: string, awaited: PromiseLike<unknown> | undefined): Promise<void> {
    try {
      this.#see(what, await awaited)
    } catch (error) {
      this.#see(what, 'rejected', error)
      if (!guard) throw error
    }
  }

  async #helper(body: Block): Promise<void> {
    this.#see('helper begins')
    await this.block(body)
    this.#see('helper ends')
  }

  #section(body: Block): Promise<void> {
    const inside = new Interpreter(this.#state, this.#joinable, true)
    return this.#ctx.uncancellable(async () => {
      this.#see('section begins')
      try {
        await inside.block(body)
      } finally {
        this.#see('section ends')
      }
    })
  }

  async #try({ body, handler, cleanup }: Extract<Statement, { do: 'try' }>): Promise<void> {
    try {
      await this.block(body)
    } catch (error) {
      this.#see('caught', error)
      await this.block(handler)
    } finally {
      this.#see('finally')
      await this.block(cleanup)
    }
  }

  #observe(what: Extract<Statement, { do: 'observe' }>['what']): unknown {
    if (what === 'now') return this.#ctx.now()
    if (what === 'random') return this.#ctx.random()
    if (what === 'uuid') return this.#ctx.uuid()
    if (what === 'aborted') return this.#ctx.signal.aborted
    return { ...this.#ctx.steps }
  }

  #combine(how: Extract<Statement, { do: 'combine' }>['how'], items: readonly Item[]): Promise<unknown> {
    const promises = items.map((item) => {
      if (item.item === 'op') return this.#operation(item.of)
      return item.item === 'helper' ? this.#helper(item.body) : this.#section(item.body)
    })
    if (how === 'all') return Promise.all(promises)
    if (how === 'race') return Promise.race(promises)
    if (how === 'any') return Promise.any(promises)
    return Promise.allSettled(promises)
  }

  #operation(op: Op): Operation<unknown> {
    switch (op.op) {
      case 'step':
        return this.#step(op)
      case 'sleep':
        return this.#ctx.sleep(op.ms)
      case 'event':
        return this.#event(op)
      case 'child':
        return this.#ctx.invoke(
          children[this.#ends && op.outcome === 'never' ? 'done' : op.outcome],
          op.value,
        )
      case 'shared': {
        // It may be the group that the code is a branch of: only a cancellation ends that.
        const usable = this.#ends ? [] : this.#state.shared
        return usable[op.index % Math.max(1, usable.length)] ?? step('unshared', () => op.index)
      }
      case 'parallel':
        return parallel(
          op.options.lazy === undefined
            ? this.#members(op.members, op.options.record)
            : this.#pulled(op.members, op.options.lazy),
          this.#options(op.options, { members: op.members.length }),
        )
      case 'race':
      case 'any': {
        const members = this.#members(op.members, op.options.record)
        if (op.op === 'any') return any(members, this.#options(op.options))
        if (Object.keys(members).length === 0) return step('nobody', () => 0) // a race of nobody is refused (M11)
        return race(members, this.#options(op.options))
      }
    }
  }

  #step({ name, does, undo, retry, timeout }: Extract<Op, { op: 'step' }>): Operation<unknown> {
    const run = (context: StepContext): unknown => {
      if (undo !== undefined) this.#around.compensable.add(keyOf(context))
      return this.#perform(this.#ends ? ending(does) : does, context)
    }
    const options = {
      ...(retry === undefined ? {} : { retry }),
      ...(timeout === undefined ? {} : { timeout }),
    }
    if (undo === undefined) return step(name, run, options)
    const { does: undoes, ...undoOptions } = undo
    const compensate = {
      ...undoOptions,
      run: (result: unknown, context: CompensationContext): unknown => {
        const key = keyOf(context).replace(/!compensate$/, '')
        this.#around.undone.push({ key, result, error: context.error })
        return this.#perform(ending(undoes), context)
      },
    }
    return step(name, run, { ...options, compensate })
  }

  #event({ names, filter, timeout: given, value }: Extract<Op, { op: 'event' }>): Operation<unknown> {
    const timeout = this.#ends ? (given ?? 15) : given
    const options = {
      ...(timeout === undefined ? {} : { timeout }),
      ...(value === undefined ? {} : { timeoutValue: value }),
      ...(filter === undefined
        ? {}
        : { filter: filter === 'even' ? (payload: number) => payload % 2 === 0 : refuse }),
    }
    const [first = 'e'] = names
    return names.length === 1
      ? this.#ctx.waitForEvent(first, options)
      : this.#ctx.waitForEvent(names, options)
  }

  #members(members: readonly Member[], record: boolean): BranchesMade {
    const branches = members.flatMap((member): BranchMade[] => {
      if (member.member === 'op') return [this.#operation(member.of)]
      if (member.member === 'function') return [this.#branch(member)]
      const some: BranchMade[] = []
      for (let time = 0; time < member.times; time++)
        if (this.#holds(member.modulus)) some.push(this.#operation(member.of))
      return some
    })
    return record ? Object.fromEntries(branches.map((branch, index) => [`m${index}`, branch])) : branches
  }

  *#pulled(members: readonly Member[], end: 'ends' | 'throws'): Generator<BranchMade> {
    this.#see('pulling begins')
    try {
      for (const member of members)
        for (const branch of this.#members([member], false) as readonly BranchMade[]) {
          this.#see('pulled')
          yield branch
        }
      if (end === 'throws') throw thrown('pulled too often')
    } finally {
      this.#see('pulling ends')
    }
  }

  #branch({ body, seesSignal }: Extract<Member, { member: 'function' }>): BranchMade {
    return async ({ signal }) => {
      this.#see('branch begins')
      if (seesSignal) signal.addEventListener('abort', () => this.#see('branch aborted', signal.reason))
      try {
        await this.block(body)
      } finally {
        this.#see('branch ends')
      }
      return this.#around.trace.length
    }
  }

  #options(settings: Extract<Op, { options: object }>['options'], extra?: { members: number }): object {
    const { record: _record, lazy: _lazy, wait, signal, ...options } = { lazy: undefined, ...settings }
    return {
      ...options,
      ...(wait === undefined ? {} : { waitForCancelled: wait }),
      ...(signal === undefined ? {} : { signal: this.#signal(signal) }),
      ...(extra !== undefined && extra.members > 2
        ? { onProgress: (counts: object) => this.#see('progress', { ...counts }) }
        : {}),
    }
  }

  #signal(which: 'run' | 'own' | 'outside'): AbortSignal {
    if (which === 'run') return this.#ctx.signal
    return which === 'own' ? this.#state.own.signal : this.#around.outside
  }

  #perform(does: Behaviour, context: StepContext): unknown {
    this.#around.calls.push(`${context.idempotencyKey} attempt ${context.attempt}`)
    if (does.kind === 'sync') return does.value
    if (does.kind === 'sync-fail') throw thrown(`sync ${does.value}`)
    return this.#performAsync(does, context)
  }

  async #performAsync(
    { kind, duration, value }: Behaviour,
    { signal, attempt }: StepContext,
  ): Promise<unknown> {
    if (kind === 'hang') return await untilAborted(signal)
    if (kind === 'deaf') await this.#around.delay(duration)
    else await Promise.race([this.#around.delay(duration), untilAborted(signal)])
    if (kind === 'fail' || (kind === 'flaky' && attempt < 3)) throw thrown(`${kind} ${value}`)
    return { value, attempt }
  }
}

function keyOf({ idempotencyKey }: StepContext): string {
  return idempotencyKey.replace(/^run:/, '')
}

function ending(does: Behaviour): Behaviour {
  return does.kind === 'hang' ? { ...does, kind: 'ok' } : does
}

type BranchMade = Operation<unknown> | ((branch: { readonly signal: AbortSignal }) => Promise<unknown>)
type BranchesMade = readonly BranchMade[] | Readonly<Record<string, BranchMade>>

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  })
}

function thrown(message: string): Error {
  const error = new RangeError(message)
  error.stack = `RangeError: ${message}`
  return error
}

function refuse(): never {
  throw thrown('the filter throws')
}
