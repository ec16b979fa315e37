/**
 * Random workflows whose results do not depend on how long anything takes, so that every engine must come to the same: of what
 * competes, one ends and the others hang; what has a time limit hangs, or has all the time in the world; of branches
 * that fail fast, one fails.
 */
import { seeded } from '../../crash/support/seeded.ts'
import type { Block, GroupOp, Member, Op, StepOp } from '../program.ts'

/** How an operation ends. What hangs is ended from outside. */
type Ending = 'ok' | 'fail' | 'hang'

/** Never up, in milliseconds. */
const AMPLE = 3_600_000

interface Place {
  readonly depth: number
  /** Levels of children that may still be nested. */
  readonly children: number
}

/** The same seed, the same programs. */
export class CertainAuthor {
  readonly #random: () => number
  #leaves = 0
  #events = 0

  constructor(seed: number) {
    this.#random = seeded(seed)
  }

  program(): Block {
    this.#events = 0
    this.#leaves = 20 + this.#below(30)
    const body = this.#block({ depth: 0, children: 2 }, 3 + this.#below(4))
    return this.#chance(0.15) ? [...body, { of: this.#step('fail'), guard: false }] : body
  }

  /** One that ends only when it is cancelled. */
  endless(): Block {
    return [...this.program().filter(({ guard }) => guard), { of: this.#step('hang'), guard: false }]
  }

  #below(count: number): number {
    return Math.floor(this.#random() * count)
  }

  #chance(probability: number): boolean {
    return this.#random() < probability
  }

  /** Every error is noted, and the block goes on. */
  #block(place: Place, length: number): Block {
    return Array.from({ length }, () => ({
      of: this.#op(place, this.#chance(0.2) ? 'fail' : 'ok'),
      guard: true,
    }))
  }

  #op(place: Place, ending: Ending): Op {
    const at = this.#random()
    const group = place.depth < 3 && this.#leaves > 0
    if (group && at < 0.3) return this.#parallel(place, ending)
    if (group && at < 0.5) return this.#firstOf(place, ending)
    if (group && at < 0.6 && place.children > 0) return this.#child(place, ending)
    this.#leaves--
    if (ending === 'ok' && at < 0.7) return { op: 'sleep', ms: this.#chance(0.1) ? 1000 : this.#below(50) }
    if (ending === 'ok' && at < 0.75 && place.children === 2) return this.#event()
    return this.#step(ending)
  }

  #step(ending: Ending): StepOp {
    const value = this.#below(100)
    const does = { ms: this.#chance(0.1) ? 200 : this.#below(30), value, fails: 1 + this.#below(2) }
    const name = 'abcd'[this.#below(4)] ?? 'a'
    if (ending === 'hang') return { op: 'step', name, does: { ...does, kind: 'hang' } }
    const retry = { maxAttempts: does.fails + 1, delay: this.#below(30) }
    const more = { ...(this.#chance(0.3) ? { retry } : {}), ...(this.#chance(0.1) ? { timeout: AMPLE } : {}) }
    if (ending === 'ok')
      return more.retry === undefined
        ? { op: 'step', name, does: { ...does, kind: 'ok' }, ...more }
        : { op: 'step', name, does: { ...does, kind: 'flaky' }, ...more }
    return this.#chance(0.3)
      ? { op: 'step', name, does: { ...does, kind: 'hang' }, timeout: 5 + this.#below(40) }
      : { op: 'step', name, does: { ...does, kind: 'fail' }, ...more }
  }

  /** Sent to the run once: it waits as long as it must. */
  #event(): Op {
    return { op: 'event', name: `e${++this.#events}` }
  }

  #child({ depth, children }: Place, ending: Ending): Op {
    const place = { depth: depth + 1, children: children - 1 }
    const body = this.#block(place, 1 + this.#below(2))
    return {
      op: 'child',
      body:
        ending === 'ok' ? body : [...body, { of: this.#op({ ...place, depth: 9 }, ending), guard: false }],
    }
  }

  #parallel(place: Place, ending: Ending): GroupOp {
    const limit = this.#chance(0.5) ? { concurrency: 1 + this.#below(3) } : {}
    if (ending === 'ok' && this.#chance(0.4)) {
      const endings = this.#endings(4, () => (this.#chance(0.3) ? 'fail' : 'ok'))
      return this.#group('parallel', this.#members(place, endings), { ...limit, settle: true })
    }
    if (ending === 'ok' && this.#chance(0.3)) {
      const endings = this.#endings(2, () => 'hang')
      const late = {
        timeout: 5 + this.#below(60),
        onTimeout: this.#chance(0.5) ? 'partial' : 'late',
      } as const
      return this.#group('parallel', this.#members(place, endings), late)
    }
    const endings: Ending[] = this.#endings(4, () => 'ok')
    if (ending === 'fail' && this.#chance(0.3))
      return this.#group('parallel', this.#members(place, ['hang']), { timeout: 5 + this.#below(60) })
    if (ending !== 'ok') endings[this.#below(endings.length)] = ending
    const ample = this.#chance(0.2) ? { timeout: AMPLE } : {}
    return this.#group('parallel', this.#members(place, endings), { ...limit, ...ample })
  }

  #firstOf(place: Place, ending: Ending): GroupOp {
    const stagger = this.#chance(0.3) ? { stagger: 3 + this.#below(30) } : {}
    const others = this.#endings(3, () => 'hang')
    if (this.#chance(0.5)) {
      const at = this.#below(others.length + 1)
      return this.#group('race', this.#members(place, others.toSpliced(at, 0, ending)), stagger)
    }
    if (ending === 'fail')
      return this.#group(
        'any',
        this.#members(
          place,
          this.#endings(3, () => 'fail'),
        ),
        stagger,
      )
    const losers = this.#endings(3, () => (this.#chance(0.5) ? 'fail' : 'hang'))
    const at = this.#below(losers.length + 1)
    return this.#group('any', this.#members(place, losers.toSpliced(at, 0, ending)), stagger)
  }

  #group(op: GroupOp['op'], members: readonly Member[], options: Partial<GroupOp>): GroupOp {
    const name = this.#chance(0.3) ? { name: 'gh'[this.#below(2)] ?? 'g' } : {}
    return { op, members, ...name, ...options }
  }

  #endings(most: number, one: () => Ending): Ending[] {
    return Array.from({ length: 1 + this.#below(most) }, one)
  }

  #members(place: Place, endings: readonly Ending[]): Member[] {
    const inside = { ...place, depth: place.depth + 1 }
    return endings.map((ending) =>
      this.#chance(0.3) ? this.#function(inside, ending) : this.#op(inside, ending),
    )
  }

  #function(place: Place, ending: Ending): Member {
    return {
      op: 'function',
      body: [...this.#block(place, 1), { of: this.#op(place, ending), guard: false }],
    }
  }
}
