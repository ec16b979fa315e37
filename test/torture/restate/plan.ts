import { seeded } from '../../crash/support/seeded.ts'
import type { Block } from '../program.ts'
import { CertainAuthor } from './certain.ts'

export interface Root {
  readonly id: string
  readonly body: Block
  /** Milliseconds after its start; undefined: it is not cancelled, and ends by itself. */
  readonly cancelAfter: number | undefined
}

/** Whom a SIGKILL hits. `leader`: the node that leads the most partitions. */
export type Victim = 'node' | 'leader' | 'service' | 'node and service' | 'everything'

export interface Blow {
  /** Milliseconds since the cluster was whole. */
  readonly after: number
  readonly victim: Victim
  /** Milliseconds until the dead are started again. */
  readonly dead: number
  /** Chooses among those that may be hit, in [0, 1). */
  readonly choice: number
}

export interface Plan {
  readonly roots: readonly Root[]
  readonly blows: readonly Blow[]
}

/** The first of a round are one of each kind, then they are random. */
const VICTIMS: readonly Victim[] = ['leader', 'service', 'everything', 'node', 'node and service']
const MOST_BLOWS = 12

/** The same seed, the same plan. */
export function planOf(seed: number, runs: number): Plan {
  const random = seeded(seed)
  const below = (count: number): number => Math.floor(random() * count)
  const author = new CertainAuthor(seed * 7919)
  return {
    roots: Array.from({ length: runs }, (_, n) => {
      const cancelled = random() < 0.08
      return {
        id: `seed${seed}-${n}`,
        body: cancelled ? author.endless() : author.program(),
        cancelAfter: cancelled ? below(2000) : undefined,
      }
    }),
    blows: Array.from({ length: MOST_BLOWS }, (_, n) => ({
      after: 1500 + below(3000),
      victim: VICTIMS[n] ?? VICTIMS[below(VICTIMS.length)] ?? 'node',
      dead: 500 + below(2500),
      choice: random(),
    })),
  }
}
