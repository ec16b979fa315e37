/** One round: many programs, while nodes and service processes are killed, until every run has ended. */
import { setTimeout as pause } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { restate } from '../../../src/restate/index.ts'
import type { Outcome } from '../model.ts'
import { outcomeOf } from '../outcome.ts'
import { eventsOf } from '../program.ts'
import { embeddedOutcomes, handles } from './expected.ts'
import { wallClock } from './notes.ts'
import { type Plan, planOf, type Root, type Victim } from './plan.ts'
import { openRuns } from './records.ts'
import type { Stage } from './stage.ts'

/** Roots at the same time. */
const OPEN = 20

/** Milliseconds in which some root must end: a slow machine is not a stuck run. */
const PATIENCE = 60_000

const SOME = '5m'

export interface StruckAt {
  readonly victim: Victim
  readonly at: bigint
  /** When everything lived again. */
  readonly whole: bigint
}

export interface Played {
  /** How the ids of its runs begin. */
  readonly prefix: string
  readonly blows: readonly StruckAt[]
  readonly begun: bigint
  readonly ended: bigint
  readonly roots: number
  readonly problems: readonly string[]
}

export async function play(stage: Stage, seed: number, runs: number): Promise<Played> {
  const plan = planOf(seed, runs)
  const expected = await embeddedOutcomes(plan.roots)
  return await new Round(stage, plan, `seed${seed}-`).play(expected)
}

class Round {
  readonly #stage: Stage
  readonly #plan: Plan
  readonly #prefix: string
  readonly #problems: string[] = []
  readonly #over = new AbortController()
  /** Roots that have not ended. */
  readonly #open = new Set<string>()
  #lastEnd = performance.now()

  constructor(stage: Stage, plan: Plan, prefix: string) {
    this.#stage = stage
    this.#plan = plan
    this.#prefix = prefix
  }

  async play(expected: ReadonlyMap<string, Outcome>): Promise<Played> {
    const begun = wallClock()
    const blows: StruckAt[] = []
    const striking = this.#strike(blows)
    const queue = [...this.#plan.roots]
    for (const { id } of queue) this.#open.add(id)
    const lane = async (): Promise<void> => {
      for (let root = queue.shift(); root !== undefined; root = queue.shift()) {
        const outcome = await this.#follow(root)
        this.#open.delete(root.id)
        this.#lastEnd = performance.now()
        const wanted = expected.get(root.id)
        if (!isDeepStrictEqual(outcome, wanted))
          this.#problems.push(
            `${root.id} ended with ${JSON.stringify(outcome)}; on the embedded engine with ${JSON.stringify(wanted)}`,
          )
      }
    }
    const lanes = Promise.all(Array.from({ length: OPEN }, lane))
    await Promise.race([lanes, this.#stuck()])
    const ended = wallClock()
    this.#over.abort()
    await striking
    const { roots } = this.#plan
    return { prefix: this.#prefix, blows, begun, ended, roots: roots.length, problems: this.#problems }
  }

  async #strike(struck: StruckAt[]): Promise<void> {
    for (const blow of this.#plan.blows) {
      await pause(blow.after)
      if (this.#over.signal.aborted) return
      const at = wallClock()
      const repair = await this.#stage.strike(blow)
      await pause(blow.dead)
      await repair()
      struck.push({ victim: blow.victim, at, whole: wallClock() })
    }
  }

  /** Resolves when nothing has ended for too long. */
  async #stuck(): Promise<void> {
    while (!this.#over.signal.aborted && performance.now() - this.#lastEnd < PATIENCE)
      await pause(1000, undefined, { ref: false })
    if (this.#over.signal.aborted) return
    const open = await openRuns(this.#stage.admin, this.#prefix).catch((error: unknown) => [String(error)])
    this.#problems.push(`stuck: ${[...this.#open].join(', ')}`, ...open)
  }

  async #follow({ id, body, cancelAfter }: Root): Promise<Outcome> {
    const run = await this.#insist((engine) => handles.start(body, { id, engine }))
    const errands = eventsOf(body).map((event) =>
      this.#insist((engine) => handles.get(id, { engine }).signal(event, event)),
    )
    if (cancelAfter !== undefined) {
      await pause(cancelAfter)
      errands.push(this.#insist((engine) => handles.get(id, { engine }).cancel('torture')))
    }
    await Promise.all(errands)
    return await outcomeOf(run)
  }

  /** Asks one node after the other, until one answers: what was asked twice happens once. */
  async #insist<T>(request: (engine: ReturnType<typeof restate>) => Promise<T>): Promise<T> {
    for (let turn = 0; ; turn++) {
      const { nodes } = this.#stage
      const node = nodes[turn % Math.max(1, nodes.length)]
      try {
        if (node !== undefined)
          return await request(restate({ ingress: node.ingress, admin: node.admin, patience: SOME }))
      } catch (error) {
        if ((error as { code?: unknown }).code !== 'STORE' || this.#over.signal.aborted) throw error
      }
      await pause(200)
    }
  }
}
