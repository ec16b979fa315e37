/** One round: random programs on one file, random processes, random deaths, until every run has ended. */
import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { createEngine, type EmbeddedEngine } from '../../src/index.ts'
import { seeded } from '../crash/support/seeded.ts'
import { Books, type RunRow } from './books.ts'
import { storedValue } from './describe.ts'
import type { Death, Order, Root, Settings } from './orders.ts'
import type { Pool, Worker } from './pool.ts'
import { Author, type Block, eventsOf } from './program.ts'

/** How long nothing may change in the file while a run is open, in milliseconds: a slow machine is not a stuck run. */
const PATIENCE = 40_000

/** Of engines that are to lose it, in milliseconds. */
const SHORT_LEASE = 800

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
  /** How many processes were stopped for longer than their lease. */
  readonly pauses: number
  /** Processes that live may lose their runs. */
  readonly shortLease: boolean
  /** Events that were accepted: id of the run, kind, name. */
  readonly accepted: readonly string[]
  readonly problems: readonly string[]
}

/** A kill from outside. */
interface Blow {
  /** Milliseconds after the one before. */
  readonly after: number
  readonly whom: 'one' | 'all'
}

/** A process that is stopped for longer than its lease, and goes on then. */
interface Pause {
  readonly after: number
  readonly length: number
}

interface Plan {
  readonly settings: Settings
  readonly roots: readonly Root[]
  readonly deaths: readonly (Death | undefined)[]
  readonly blows: readonly Blow[]
  readonly pauses: readonly Pause[]
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
  readonly #paused = new Set<number>()
  readonly #accepted: string[] = []
  readonly #problems: string[] = []
  readonly #known = new Set<string>()
  readonly #errands: Promise<void>[] = []
  readonly #over = new AbortController()
  #deaths = 0
  #joined = 0

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
    const client = createEngine({ dir: this.#dir, durability: this.#plan.settings.durability })
    await Promise.all(this.#plan.deaths.map(() => this.#join()))
    this.#errands.push(this.#strike(), ...this.#plan.pauses.map((one) => this.#pause(one)))
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
      pauses: this.#paused.size,
      shortLease: this.#plan.pauses.length > 0,
      accepted: this.#accepted,
      problems: this.#problems,
    }
  }

  #below(count: number): number {
    return Math.floor(this.#random() * count)
  }

  #makeUp(seed: number, processes: number): Plan {
    const author = new Author(seed * 7919)
    const roots = Array.from({ length: 1 + this.#below(4) }, (_, n) => ({
      id: `run${n}`,
      body: author.program(),
    }))
    const pauses =
      this.#below(5) === 0
        ? Array.from({ length: 1 + this.#below(2) }, () => ({
            after: this.#below(120),
            length: SHORT_LEASE * 1.2 + this.#below(400),
          }))
        : []
    return {
      settings: {
        durability: this.#below(4) === 0 ? 'full' : 'process-crash',
        lease: pauses.length > 0 ? SHORT_LEASE : 10_000,
        parkAfter: this.#below(2) === 0 ? 1 : 5000,
        concurrency: this.#below(2) === 0 ? 1 + this.#below(2) : 100,
      },
      roots,
      deaths: Array.from({ length: processes }, () => this.#death()),
      blows: Array.from({ length: this.#below(3) }, () => ({
        after: this.#below(120),
        whom: this.#below(4) === 0 ? 'all' : 'one',
      })),
      pauses,
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
    worker.onProblem = (text) => {
      // A stopped process may hold the file's lock.
      const expected = this.#plan.pauses.length > 0 && /was silent for longer|is locked by another/.test(text)
      if (!expected) this.#problems.push(`process ${worker.pid}: ${text}`)
    }
    void worker.gone.then(({ signal, code, stderr }) => {
      if (this.#crew.delete(worker)) this.#lost(worker, signal, `${code ?? signal} ${stderr}`)
    })
    const { settings, roots, deaths } = this.#plan
    const n = this.#joined++
    const works = n === 0 || n >= deaths.length || this.#below(4) > 0
    const order: Order = {
      say: 'play',
      dir: this.#dir,
      settings,
      roots,
      waits: !works || this.#below(2) === 0,
      works,
      death: n < deaths.length ? deaths[n] : this.#below(3) === 0 ? this.#death() : undefined,
    }
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

  async #pause({ after, length }: Pause): Promise<void> {
    await pause(after)
    const [worker] = this.#crew
    if (worker === undefined || this.#over.signal.aborted) return
    this.#paused.add(worker.pid)
    worker.signal('SIGSTOP')
    await pause(length)
    worker.signal('SIGCONT')
  }

  /** Until every run there is has ended, and all that should be are there. */
  async #watch(client: EmbeddedEngine): Promise<void> {
    while (!existsSync(join(this.#dir, 'runs.db'))) await pause(LOOK)
    const books = new Books(this.#dir)
    let [last, changedAt] = ['', performance.now()]
    try {
      for (;;) {
        const runs = runsSoFar(books)
        for (const { id, input } of runs) if (!this.#known.has(id)) this.#meet(client, id, input)
        const open = runs.filter(({ status }) => !ENDED.has(status))
        if (open.length === 0 && this.#plan.roots.every(({ id }) => this.#known.has(id))) return
        const state = open.map(({ id, status, epoch, last: seq }) => `${id} is ${status} (${epoch}, ${seq})`)
        const now = `${state.join('; ')} ${this.#joined} processes`
        if (now !== last) [last, changedAt] = [now, performance.now()]
        if (performance.now() - changedAt > PATIENCE) {
          this.#problems.push(`stuck: ${now}`)
          return
        }
        await pause(LOOK)
      }
    } finally {
      books.close()
    }
  }

  /** A new run, perhaps a child: it is sent what it will wait for. */
  #meet(client: EmbeddedEngine, id: string, input: string): void {
    this.#known.add(id)
    for (const name of eventsOf(storedValue(input) as Block))
      this.#errands.push(this.#send(client, id, name, this.#below(8) === 0 ? 500 : this.#below(40)))
  }

  async #send(client: EmbeddedEngine, id: string, name: string, after: number): Promise<void> {
    await pause(after)
    await patiently(() => client.find(id).signal(name, name))
    this.#accepted.push(`${id} event ${name}`)
  }

  async #cancel(client: EmbeddedEngine, { id, after }: { id: string; after: number }): Promise<void> {
    await pause(after)
    if (this.#known.has(id)) await patiently(() => client.find(id).cancel('torture'))
  }
}

/** A stopped process may hold the file's lock for longer than a client waits: nothing was written then. */
async function patiently(request: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await request()
    } catch (error) {
      if ((error as { problem?: unknown }).problem !== 'locked') throw error
    }
  }
}

function runsSoFar(books: Books): RunRow[] {
  try {
    return books.runs()
  } catch {
    return [] // the schema is being made
  }
}
