/**
 * Random workflows as data: the input of a run is its program. Small, always ending by themselves, and made only of what
 * `model.ts` can follow: no operation is shared, so every completion moves one path of the tree.
 */
import { seeded } from '../crash/support/seeded.ts'

/** What a step's function does. Times are milliseconds. */
export interface Does {
  /** `flaky` fails at its first `fails` attempts; `hang` ends only when it is aborted. */
  readonly kind: 'ok' | 'fail' | 'flaky' | 'hang'
  readonly ms: number
  readonly value: number
  readonly fails: number
}

export interface StepOp {
  readonly op: 'step'
  readonly name: string
  readonly does: Does
  readonly retry?: { readonly maxAttempts: number; readonly delay: number }
  readonly timeout?: number
}

export interface GroupOp {
  readonly op: 'parallel' | 'race' | 'any'
  readonly members: readonly Member[]
  readonly name?: string
  readonly concurrency?: number
  readonly settle?: boolean
  readonly stagger?: number
  readonly timeout?: number
  /** What the group returns when the time is up; absent: it throws. */
  readonly onTimeout?: 'partial' | 'late'
}

export type Op =
  | StepOp
  | GroupOp
  | { readonly op: 'sleep'; readonly ms: number }
  /** Waits for an event that is sent to the run once. Its payload is its name. */
  | { readonly op: 'event'; readonly name: string; readonly timeout?: number }
  | { readonly op: 'child'; readonly body: Block }

/** A member of a group: an operation, or a function that awaits several. */
export type Member = Op | { readonly op: 'function'; readonly body: Block }

/** `guard`: an error is noted and the program goes on. */
export interface Statement {
  readonly of: Op
  readonly guard: boolean
}

export type Block = readonly Statement[]

/** Names of the events that the run itself, not its children, may wait for. */
export function eventsOf(block: Block): string[] {
  const inMember = (member: Member): string[] => {
    if (member.op === 'event') return [member.name]
    if (member.op === 'function') return eventsOf(member.body)
    return 'members' in member ? member.members.flatMap(inMember) : []
  }
  return block.flatMap(({ of }) => inMember(of))
}

/** What surrounds a piece of a program that is being made up. */
interface Place {
  readonly depth: number
  /** Levels of children that may still be nested. */
  readonly children: number
  /** Whether something else ends it if it never ends by itself. */
  readonly mayHang: boolean
}

/** Makes up programs: the same seed, the same programs. */
export class Author {
  readonly #random: () => number
  #leaves = 0
  #events = 0

  constructor(seed: number) {
    this.#random = seeded(seed)
  }

  program(): Block {
    this.#events = 0
    this.#leaves = 10 + this.#below(20)
    return this.#block({ depth: 0, children: 3, mayHang: false }, 4, 3)
  }

  #below(count: number): number {
    return Math.floor(this.#random() * count)
  }

  #chance(probability: number): boolean {
    return this.#random() < probability
  }

  #block(place: Place, spread: number, least = 1): Block {
    return Array.from({ length: least + this.#below(spread) }, () => ({
      of: this.#op(place),
      guard: this.#chance(0.8),
    }))
  }

  #op(place: Place): Op {
    const at = this.#random()
    const group = place.depth < 3 && this.#leaves > 0
    if (group && at < 0.25) return this.#parallel(place)
    if (group && at < 0.4) return this.#firstOf(place)
    if (group && at < 0.52 && place.children > 0) return this.#child(place)
    this.#leaves--
    if (at < 0.6) return { op: 'sleep', ms: this.#chance(0.1) ? 300 + this.#below(300) : this.#below(25) }
    if (at < 0.67) return this.#event()
    return this.#step(place)
  }

  #step({ mayHang }: Place): StepOp {
    const timeout = this.#chance(0.12) ? { timeout: 5 + this.#below(20) } : {}
    const hangs = (mayHang || 'timeout' in timeout) && this.#chance(0.35)
    const at = this.#random()
    const kind = hangs ? 'hang' : at < 0.7 ? 'ok' : at < 0.85 ? 'flaky' : 'fail'
    const retry = { maxAttempts: 2 + this.#below(3), delay: this.#below(12) }
    return {
      op: 'step',
      name: 'abcd'[this.#below(4)] ?? 'a',
      // One in twelve is long enough for its start to be worth a note.
      does: {
        kind,
        ms: this.#chance(0.08) ? 60 : this.#below(12),
        value: this.#below(100),
        fails: 1 + this.#below(2),
      },
      ...(kind === 'flaky' || this.#chance(0.2) ? { retry } : {}),
      ...timeout,
    }
  }

  /** One name for each wait: an event is received once. */
  #event(): Op {
    const timeout = this.#chance(0.4) ? { timeout: 5 + this.#below(60) } : {}
    return { op: 'event', name: `e${++this.#events}`, ...timeout }
  }

  #child({ depth, children }: Place): Op {
    return {
      op: 'child',
      body: this.#block({ depth: depth + 1, children: children - 1, mayHang: false }, 2),
    }
  }

  #parallel(place: Place): GroupOp {
    const timeout = this.#timeout(0.25)
    const partial = 'timeout' in timeout && this.#chance(0.7)
    return {
      op: 'parallel',
      members: this.#members({ ...place, mayHang: place.mayHang || 'timeout' in timeout }, 4),
      ...this.#name(),
      ...timeout,
      ...(partial ? { onTimeout: this.#chance(0.7) ? ('partial' as const) : ('late' as const) } : {}),
      ...(this.#chance(0.5) ? { concurrency: 1 + this.#below(3) } : {}),
      ...(this.#chance(0.35) ? { settle: true } : {}),
    }
  }

  #firstOf(place: Place): GroupOp {
    const op = this.#chance(0.5) ? 'race' : 'any'
    const timeout = this.#timeout(0.2)
    const timed = place.mayHang || 'timeout' in timeout
    // The first member of a race ends; the others may hang. What all hang on would never end.
    const [first] = this.#members({ ...place, mayHang: timed }, 1)
    const others = this.#members({ ...place, mayHang: op === 'race' || timed }, 3)
    return {
      op,
      members: first === undefined ? others : [first, ...others],
      ...this.#name(),
      ...timeout,
      ...('timeout' in timeout && this.#chance(0.5) ? { onTimeout: 'late' as const } : {}),
      ...(this.#chance(0.3) ? { stagger: 3 + this.#below(15) } : {}),
    }
  }

  #timeout(probability: number): { readonly timeout?: number } {
    return this.#chance(probability) ? { timeout: 5 + this.#below(50) } : {}
  }

  #name(): { readonly name?: string } {
    return this.#chance(0.3) ? { name: 'gh'[this.#below(2)] ?? 'g' } : {}
  }

  #members(place: Place, most: number): Member[] {
    const inside = { ...place, depth: place.depth + 1 }
    return Array.from({ length: 1 + this.#below(most) }, () =>
      this.#chance(0.4) ? { op: 'function', body: this.#block(inside, 2) } : this.#op(inside),
    )
  }
}
