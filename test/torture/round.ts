/** One round: random programs on one file, random processes, random deaths, until every run has ended. */
import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { createEngine, type EmbeddedEngine } from '../../src/index.ts'
import { seeded } from '../crash/support/seeded.ts'
import { Books } from './books.ts'
import { storedValue } from './describe.ts'
import type { Death, Order, Root } from './orders.ts'
import type { Pool, Worker } from './pool.ts'
import { Author, type Block, eventsOf } from './program.ts'

/** How long runs may take to end when nobody is killed any more, in milliseconds. */
const PATIENCE = 30_000

/** How often the file is looked at, in milliseconds. */
const LOOK = 10

const ENDED = new Set(['completed', 'failed', 'cancelled'])

/** Everything that happened outside of the workers. */
export interface Played {
  readonly dir: string
  readonly roots: readonly Root[]
  /** By process id: when it was killed from here. */
  readonly killed: ReadonlyMap<number, bigint>
  /** How many processes died, by their own hand or from here. */
  readonly deaths: number
  /** Events and cancel requests that were accepted: id of the run, kind, name. */
  readonly accepted: readonly string[]
  readonly problems: readonly string[]
}

/** A kill from outside. */
interface Blow {
  /** Milliseconds after the one before. */
  readonly after: number
  readonly whom: 'one' | 'all'
  /** Milliseconds until another process takes the dead one's place. */
  readonly pause: number
}

interface Plan {
  readonly durability: 'full' | 'process-crash'
  readonly roots: readonly Root[]
  readonly deaths: readonly (Death | undefined)[]
  readonly blows: readonly Blow[]
  /** The root that is cancelled, and after how long. */
  readonly cancel: { readonly id: string; readonly after: number } | undefined
}

export class Round {
  readonly #pool: Pool
  readonly #random: () => number
  readonly #dir = mkdtempSync(join(tmpdir(), 'torture-'))
  readonly #plan: Plan
  readonly #crew = new Set<Worker>()
  readonly #killed = new Map<number, bigint>()
  readonly #accepted: string[] = []
  readonly #problems: string[] = []
  readonly #known = new Set<string>()
  readonly #errands: Promise<void>[] = []
  readonly #over = new AbortController()
  #deaths = 0
  #nextDeath = 0

  /** @param processes at most so many at once */
  constructor(seed: number, processes: number, pool: Pool) {
    this.#pool = pool
    this.#random = seeded(seed)
    this.#plan = this.#makeUp(seed, 1 + this.#below(processes))
  }

  get dir(): string {
    return this.#dir
  }

  async play(): Promise<Played> {
    const client = createEngine({ dir: this.#dir, durability: this.#plan.durability })
    await Promise.all(this.#plan.deaths.map(() => this.#join()))
    this.#errands.push(this.#strike())
    if (this.#plan.cancel !== undefined) this.#errands.push(this.#cancel(client, this.#plan.cancel))
    await this.#watch(client)
    this.#over.abort()
    await Promise.all(this.#errands)
    await Promise.all([...this.#crew].map((worker) => worker.finish()))
    for (const worker of this.#crew) this.#pool.giveBack(worker)
    await client.stop()
    return {
      dir: this.#dir,
      roots: this.#plan.roots,
      killed: this.#killed,
      deaths: this.#deaths,
      accepted: this.#accepted,
      problems: this.#problems,
    }
  }

  #below(count: number): number {
    return Math.floor(this.#random() * count)
  }

  #makeUp(seed: number, processes: number): Plan {
    const author = new Author(seed)
    const roots = Array.from({ length: 1 + this.#below(4) }, (_, n) => ({
      id: `run${n}`,
      body: author.program(),
    }))
    return {
      durability: this.#below(4) === 0 ? 'full' : 'process-crash',
      roots,
      deaths: Array.from({ length: processes }, () => this.#death()),
      blows: Array.from({ length: this.#below(3) }, () => ({
        after: this.#below(120),
        whom: this.#below(4) === 0 ? 'all' : 'one',
        pause: this.#below(3) === 0 ? 0 : this.#below(60),
      })),
      cancel: this.#below(4) === 0 ? { id: 'run0', after: this.#below(100) } : undefined,
    }
  }

  #death(): Death | undefined {
    const moment = (['execute', 'begin', 'effect', 'saw', undefined] as const)[this.#below(5)]
    if (moment === undefined) return undefined
    return { moment, count: 1 + this.#below(moment === 'execute' ? 4 : 12) }
  }

  /** A process comes to the file. Those that come for a dead one may die too, in the middle of taking over. */
  async #join(): Promise<void> {
    const worker = await this.#pool.take()
    if (this.#over.signal.aborted) return this.#pool.giveBack(worker)
    this.#crew.add(worker)
    worker.onProblem = (text) => this.#problems.push(`process ${worker.pid}: ${text}`)
    void worker.gone.then(({ signal, code, stderr }) => {
      if (this.#crew.delete(worker)) this.#lost(worker, signal, `${code ?? signal} ${stderr}`)
    })
    const { dir, durability, roots, deaths } = { dir: this.#dir, ...this.#plan }
    const order: Order = { say: 'play', dir, durability, roots, death: deaths[this.#nextDeath++] }
    worker.send(order)
  }

  #lost(worker: Worker, signal: string | null, why: string): void {
    this.#deaths++
    if (signal !== 'SIGKILL') this.#problems.push(`process ${worker.pid} ended by itself: ${why}`)
    if (!this.#over.signal.aborted) this.#errands.push(this.#replace())
  }

  async #replace(): Promise<void> {
    await pause(this.#below(40))
    await this.#join()
  }

  async #strike(): Promise<void> {
    for (const { after, whom } of this.#plan.blows) {
      await pause(after)
      if (this.#over.signal.aborted) return
      const crew = [...this.#crew]
      const victims = whom === 'all' ? crew : crew.slice(0, 1)
      for (const { pid } of victims) this.#killed.set(pid, process.hrtime.bigint())
      for (const victim of victims) victim.signal('SIGKILL')
    }
  }

  /** Until every run there is has ended, and all that should be are there. */
  async #watch(client: EmbeddedEngine): Promise<void> {
    const deadline = performance.now() + PATIENCE
    while (!existsSync(join(this.#dir, 'runs.db'))) await pause(LOOK)
    const books = new Books(this.#dir)
    try {
      for (;;) {
        const runs = this.#tables(books) ? books.runs() : []
        for (const { id, input } of runs) if (!this.#known.has(id)) this.#meet(client, id, input)
        const open = runs.filter(({ status }) => !ENDED.has(status))
        if (open.length === 0 && this.#plan.roots.every(({ id }) => this.#known.has(id))) return
        if (performance.now() > deadline) {
          const stuck = open.map(({ id, status, owner }) => `${id} is ${status}, owned by ${owner}`)
          this.#problems.push(`stuck: ${stuck.join('; ') || 'not all were started'}`)
          return
        }
        await pause(LOOK)
      }
    } finally {
      books.close()
    }
  }

  #tables(books: Books): boolean {
    try {
      books.runs()
      return true
    } catch {
      return false // the schema is being made
    }
  }

  /** A new run, perhaps a child: it is sent what it will wait for. */
  #meet(client: EmbeddedEngine, id: string, input: string): void {
    this.#known.add(id)
    for (const name of eventsOf(storedValue(input) as Block))
      this.#errands.push(this.#send(client, id, name, this.#below(40)))
  }

  async #send(client: EmbeddedEngine, id: string, name: string, after: number): Promise<void> {
    await pause(after)
    await client.find(id).signal(name, name)
    this.#accepted.push(`${id} event ${name}`)
  }

  async #cancel(client: EmbeddedEngine, { id, after }: { id: string; after: number }): Promise<void> {
    await pause(after)
    if (!this.#known.has(id)) return
    await client.find(id).cancel('torture')
  }
}
