/**
 * What a run must have come to, given the order of its journal. An interpreter of torture programs of its own: no
 * promises, no engine. Entries are applied one after the other, and each moves one path of the tree.
 */
import { isDeepStrictEqual } from 'node:util'
import {
  aggregateError,
  cancelledError,
  childError,
  stepError,
  storedError,
  storedValue,
  timeoutError,
} from './describe.ts'
import type { Block, GroupOp, Member, Op, StepOp } from './program.ts'

/** A row of the journal. */
export interface Entry {
  readonly seq: number
  readonly kind: string
  readonly key: string
  readonly attempt: number | null
  readonly retry_at: number | null
  readonly payload: string | null
}

export type Outcome =
  | { readonly status: 'completed'; readonly value: unknown }
  | { readonly status: 'failed' | 'cancelled'; readonly error: string }

/** What code of the workflow sees, in the order in which it sees it. */
export interface Seen {
  readonly path: string
  readonly value: unknown
}

/** A child run that the program asked for. */
export interface AskedChild {
  readonly body: Block
}

export interface Verdict {
  /** Undefined: the journal does not bring the run to an end. */
  readonly outcome: Outcome | undefined
  readonly seen: readonly Seen[]
  /** By key: the entry after which the operation may begin. */
  readonly opened: ReadonlyMap<string, number>
  /** By key: the entry that made it superfluous. */
  readonly givenUp: ReadonlyMap<string, number>
  readonly children: ReadonlyMap<string, AskedChild>
  /** Entries of operations that had been given up. */
  readonly ignored: number
  readonly problems: readonly string[]
}

type Result = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: string }
type Done = (result: Result) => void

/** Something that can be begun once, and given up. */
interface Node {
  start(done: Done): void
  giveUp(): void
}

/** Names count in the order in which operations are created. */
class Names {
  readonly prefix: string
  readonly #counts = new Map<string, number>()

  constructor(prefix: string) {
    this.prefix = prefix
  }

  next(name: string): string {
    const count = (this.#counts.get(name) ?? 0) + 1
    this.#counts.set(name, count)
    return `${this.prefix}${name}${count === 1 ? '' : `#${count}`}`
  }
}

/** @param body the run's program */
export function replay(body: Block, journal: readonly Entry[]): Verdict {
  const model = new Model()
  model.run(body, journal)
  return model
}

class Model implements Verdict {
  outcome: Outcome | undefined
  ignored = 0
  readonly seen: Seen[] = []
  readonly opened = new Map<string, number>()
  readonly givenUp = new Map<string, number>()
  readonly children = new Map<string, AskedChild>()
  readonly problems: string[] = []
  readonly #open = new Map<string, (entry: Entry) => void>()
  #seq = 0

  run(body: Block, journal: readonly Entry[]): void {
    const root = this.#block(body, new Names(''), '')
    root.start((result) => {
      this.outcome = result.ok
        ? { status: 'completed', value: result.value }
        : { status: 'failed', error: result.error }
    })
    for (const entry of journal) {
      this.#seq = entry.seq
      if (entry.kind !== 'cancel-requested') this.#apply(entry)
      else if (this.outcome === undefined) {
        root.giveUp()
        this.outcome = { status: 'cancelled', error: cancelledError('run-cancelled') }
      } else this.ignored++
    }
  }

  #apply(entry: Entry): void {
    const deliver = this.#open.get(entry.key)
    if (deliver !== undefined) {
      this.#open.delete(entry.key)
      deliver(entry)
    } else if (this.givenUp.has(entry.key)) this.ignored++
    else this.#problem(entry, 'nothing waits for it')
  }

  #problem({ seq, kind, key }: Entry, what: string): void {
    this.problems.push(`entry ${seq}, ${kind} ${key}: ${what}`)
  }

  #wait(key: string, deliver: (entry: Entry) => void): void {
    if (!this.opened.has(key)) this.opened.set(key, this.#seq)
    this.#open.set(key, deliver)
  }

  #giveUp(key: string): void {
    if (this.#open.delete(key)) this.givenUp.set(key, this.#seq)
  }

  #block(block: Block, names: Names, path: string): Node {
    let current: Node | undefined
    const values: unknown[] = []
    const go = (index: number, done: Done): void => {
      const statement = block[index]
      if (statement === undefined) return done({ ok: true, value: values })
      const place = `${path}${index}`
      current = this.#make(statement.of, names, place)
      current.start((result) => {
        if (!result.ok && !statement.guard) return done(result)
        const value = result.ok ? result.value : { error: result.error }
        this.seen.push({ path: place, value })
        values.push(value)
        go(index + 1, done)
      })
    }
    return { start: (done) => go(0, done), giveUp: () => current?.giveUp() }
  }

  #make(op: Op, names: Names, path: string): Node {
    switch (op.op) {
      case 'step':
        return this.#step(op, names.next(op.name))
      case 'sleep':
        return this.#leaf(names.next('sleep'), ({ kind }) =>
          kind === 'timer-fired' ? { ok: true, value: 'nothing' } : undefined,
        )
      case 'event':
        return this.#event(op.name, op.timeout, names.next(`event:${op.name}`))
      case 'child':
        return this.#child(op.body, names.next('torture'))
      default: {
        const members = op.members.map(
          (member, index) => (key: () => string) =>
            this.#member(member, names, `${path}.${index}/`, () => `${key()}/${index}/`),
        )
        let key = ''
        const nodes = members.map((member) => member(() => key))
        key = names.next(op.name ?? op.op)
        return new GroupModel(op, key, nodes, {
          wait: (timer, then) => this.#wait(timer, then),
          giveUp: (timer) => this.#giveUp(timer),
        })
      }
    }
  }

  /** A function has a scope of its own, which is named after its group. */
  #member(member: Member, names: Names, path: string, prefix: () => string): Node {
    if (member.op !== 'function') return this.#make(member, names, path)
    let body: Node | undefined
    return {
      start: (done) => {
        body = this.#block(member.body, new Names(prefix()), path)
        body.start(done)
      },
      giveUp: () => body?.giveUp(),
    }
  }

  #leaf(key: string, read: (entry: Entry) => Result | undefined): Node {
    return {
      start: (done) =>
        this.#wait(key, (entry) => {
          const result = read(entry)
          if (result === undefined) this.#problem(entry, 'is not what it waits for')
          else done(result)
        }),
      giveUp: () => this.#giveUp(key),
    }
  }

  #event(name: string, timeout: number | undefined, key: string): Node {
    const timer = `${key}!timeout`
    return {
      start: (done) => {
        this.#wait(key, (entry) => {
          this.#giveUp(timer)
          const value = entry.payload === null ? undefined : storedValue(entry.payload)
          if (entry.kind !== 'event-received' || value !== name) this.#problem(entry, 'is another event')
          done({ ok: true, value })
        })
        if (timeout !== undefined)
          this.#wait(timer, () => {
            this.#giveUp(key)
            done({ ok: true, value: 'no event' })
          })
      },
      giveUp: () => {
        this.#giveUp(key)
        this.#giveUp(timer)
      },
    }
  }

  #child(body: Block, key: string): Node {
    const leaf = this.#leaf(key, ({ kind, payload }) => {
      if (payload === null) return undefined
      if (kind === 'child-done') return { ok: true, value: storedValue(payload) }
      return kind === 'child-failed' ? { ok: false, error: childError(storedError(payload)) } : undefined
    })
    return {
      start: (done) => {
        this.children.set(key, { body })
        leaf.start(done)
      },
      giveUp: () => leaf.giveUp(),
    }
  }

  #step(op: StepOp, key: string): Node {
    const begin = (done: Done): void =>
      this.#wait(key, (entry) => {
        const attempt = entry.attempt ?? 0
        this.#checkStep(op, key, entry)
        if (entry.kind === 'step-done') done({ ok: true, value: storedValue(entry.payload ?? '') })
        else if (entry.retry_at === null)
          done({ ok: false, error: stepError(key, attempt, storedError(entry.payload ?? '')) })
        else begin(done)
      })
    return { start: begin, giveUp: () => this.#giveUp(key) }
  }

  /** A step's outcome follows from its attempt alone, unless its time was up. */
  #checkStep({ does, retry, timeout }: StepOp, key: string, entry: Entry): void {
    const { kind, payload, attempt, retry_at } = entry
    if ((kind !== 'step-done' && kind !== 'step-failed') || payload === null || attempt === null)
      return this.#problem(entry, 'is no outcome of a step')
    const fails = does.kind === 'fail' || (does.kind === 'flaky' && attempt <= does.fails)
    if (kind === 'step-done') {
      if (fails || does.kind === 'hang' || !isDeepStrictEqual(storedValue(payload), does.value))
        this.#problem(entry, `succeeded with ${payload} at attempt ${attempt}`)
      return
    }
    const error = storedError(payload)
    const late = timeout !== undefined && error === timeoutError(key)
    if (!late && !(fails && error === `RangeError: no ${does.value}`))
      this.#problem(entry, `failed with ${error} at attempt ${attempt}`)
    if (attempt >= (retry?.maxAttempts ?? 1) !== (retry_at === null))
      this.#problem(entry, `attempt ${attempt} of ${retry?.maxAttempts ?? 1} is followed by ${retry_at}`)
  }
}

interface Timers {
  wait(key: string, then: () => void): void
  giveUp(key: string): void
}

/** `parallel`, `race` and `any`. */
class GroupModel implements Node {
  readonly #op: GroupOp
  readonly #key: string
  readonly #members: readonly Node[]
  readonly #timers: Timers
  readonly #waiting = new Set<string>()
  readonly #results: (Result | undefined)[]
  #done: Done = () => undefined
  #next = 0
  #allowed = Number.POSITIVE_INFINITY
  #ended = 0
  #over = false

  constructor(op: GroupOp, key: string, members: readonly Node[], timers: Timers) {
    this.#op = op
    this.#key = key
    this.#members = members
    this.#timers = timers
    this.#results = members.map(() => undefined)
    if (op.stagger !== undefined) this.#allowed = 1
  }

  start(done: Done): void {
    this.#done = done
    if (this.#op.timeout !== undefined) this.#timer('timeout', () => this.#finish(this.#late()))
    this.#pump()
  }

  giveUp(): void {
    if (this.#over) return
    this.#over = true
    for (const timer of this.#waiting) this.#timers.giveUp(timer)
    for (let index = 0; index < this.#next; index++)
      if (this.#results[index] === undefined) this.#members[index]?.giveUp()
  }

  #timer(what: string, then: () => void): void {
    const key = `${this.#key}!${what}`
    this.#waiting.add(key)
    this.#timers.wait(key, () => {
      this.#waiting.delete(key)
      then()
    })
  }

  #pump(): void {
    const { concurrency = Number.POSITIVE_INFINITY, stagger } = this.#op
    while (!this.#over && this.#next < Math.min(this.#members.length, this.#allowed)) {
      if (this.#next - this.#ended >= concurrency) return
      const index = this.#next++
      this.#members[index]?.start((result) => this.#settled(index, result))
      const next = this.#next
      if (stagger !== undefined && next < this.#members.length)
        this.#timer(`stagger/${next}`, () => {
          this.#allowed = Math.max(this.#allowed, next + 1)
          this.#pump()
        })
    }
  }

  #settled(index: number, result: Result): void {
    this.#results[index] = result
    this.#ended++
    const verdict = this.#verdict(result)
    if (verdict !== undefined) return this.#finish(verdict)
    if (this.#op.stagger !== undefined && index === this.#next - 1) this.#allowed = this.#next + 1
    this.#pump()
  }

  #verdict(result: Result): Result | undefined {
    const { op, settle } = this.#op
    if (op === 'race' || (op === 'any' && result.ok)) return result
    if (op === 'parallel' && !result.ok && settle !== true) return result
    if (this.#ended < this.#members.length) return undefined
    if (op === 'parallel') return { ok: true, value: this.#results.map((one) => this.#shown(one)) }
    const errors = this.#results.map((one) => (one?.ok === false ? one.error : ''))
    return { ok: false, error: aggregateError(errors) }
  }

  /** @param result undefined: it has not ended */
  #shown(result: Result | undefined): unknown {
    if (this.#op.settle === true)
      return result?.ok ? { ok: result.value } : { no: result?.error ?? timeoutError(this.#key) }
    return result?.ok ? result.value : 'nothing'
  }

  #late(): Result {
    const { onTimeout } = this.#op
    if (onTimeout === undefined) return { ok: false, error: timeoutError(this.#key) }
    if (onTimeout === 'late') return { ok: true, value: 'late' }
    return { ok: true, value: this.#results.map((one) => this.#shown(one)) }
  }

  #finish(result: Result): void {
    this.giveUp()
    this.#done(result)
  }
}
