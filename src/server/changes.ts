/**
 * Live changes as server-sent events. Runs that this process executes tell at once; those of others are looked for now and then.
 * A change says which run, and what it is now; whoever wants more asks again, so that nothing is lost when one is missed.
 */
import type { Clock } from '../core/ports/clock.ts'
import { ENDED, type RunRecord } from '../core/ports/store.ts'
import type { ServedEngine } from './engine.ts'

/** Milliseconds between two looks for what other processes did. */
const LOOK = 500
/** Milliseconds without anything after which a comment says that the connection lives. */
const HEARTBEAT = 15_000
/** Milliseconds after which events of this process are told, together. */
const GATHER = 50
/** The newest runs, which are looked at for changes by other processes. */
const NEWEST = 100

export interface Changes {
  /** What has changed since the last look; the first time, nothing. */
  look(): Promise<readonly unknown[]>
  /** Whether an event of this process is a reason to look. */
  concerns(run: string): boolean
  /** After a look: nothing will change any more. */
  readonly over: boolean
}

/** Of any run among the newest: `{ id, status }`. */
export function changesOfAll(engine: ServedEngine): Changes {
  let seen: ReadonlyMap<number, string> | undefined
  return {
    over: false,
    concerns: () => true,
    async look() {
      const records = await engine.list({}, { limit: NEWEST })
      const before = seen
      seen = new Map(records.map((record) => [record.no, stateOf(record)]))
      if (before === undefined) return []
      return records
        .filter((record) => before.get(record.no) !== stateOf(record))
        .map(({ id, status }) => ({ id, status }))
    },
  }
}

/** Of one run: `{ id, status, entries }`, with how many entries its journal has. */
export function changesOf(engine: ServedEngine, id: string): Changes {
  let seen: string | undefined
  let over = false
  return {
    get over() {
      return over
    },
    concerns: (run) => run === id,
    async look() {
      const { record, journal } = await engine.survey(id)
      const state = `${stateOf(record)} ${journal.entries}`
      const isFirst = seen === undefined
      const isSame = seen === state
      seen = state
      over = ENDED.has(record.status)
      return isSame && !isFirst ? [] : [{ id, status: record.status, entries: journal.entries }]
    },
  }
}

function stateOf({ status, epoch, owner, endedAt }: RunRecord): string {
  return `${status} ${epoch} ${owner ?? ''} ${endedAt ?? ''}`
}

/** A stream that ends when the client goes, or `signal` is aborted. */
export function eventStream(
  engine: ServedEngine,
  clock: Clock,
  changes: Changes,
  signal: AbortSignal,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let follower: Follower | undefined
  let gone = false
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const following = new Follower(clock, changes, {
          send: (text) => controller.enqueue(encoder.encode(text)),
          // A client that does not read has all it needs waiting for it.
          behind: () => (controller.desiredSize ?? 0) <= 0,
          close: () => {
            if (!gone) controller.close()
          },
        })
        follower = following
        following.begin(engine)
        if (signal.aborted) following.end()
        else signal.addEventListener('abort', () => following.end(), { once: true })
      },
      cancel() {
        gone = true
        follower?.end()
      },
    },
    { highWaterMark: 64 },
  )
}

interface Sink {
  send(text: string): void
  behind(): boolean
  close(): void
}

/** Looks when there is a reason to, one look at a time, and says what has changed. */
class Follower {
  readonly #clock: Clock
  readonly #changes: Changes
  readonly #sink: Sink
  readonly #stops: (() => void)[] = []
  #stopGathering: (() => void) | undefined
  #looking = false
  #again = false
  #ended = false
  #quietSince: number

  constructor(clock: Clock, changes: Changes, sink: Sink) {
    this.#clock = clock
    this.#changes = changes
    this.#sink = sink
    this.#quietSince = clock.steady()
  }

  begin(engine: ServedEngine): void {
    this.#sink.send('retry: 1000\n\n')
    this.#stops.push(
      engine.on('*', ({ run }) => this.#happened(run)),
      this.#clock.every(LOOK, () => this.#tick(), true),
    )
    void this.#look()
  }

  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#stopGathering?.()
    for (const stop of this.#stops) stop()
    this.#sink.close()
  }

  #happened(run: string): void {
    if (!this.#changes.concerns(run)) return
    this.#stopGathering ??= this.#clock.after(GATHER, () => {
      this.#stopGathering = undefined
      void this.#look()
    })
  }

  #tick(): void {
    if (this.#clock.steady() - this.#quietSince >= HEARTBEAT) this.#say(': \n\n')
    void this.#look()
  }

  async #look(): Promise<void> {
    this.#again = this.#looking
    if (this.#looking) return
    this.#looking = true
    do {
      this.#again = false
      await this.#lookOnce()
    } while (this.#shouldGoOn())
    this.#looking = false
  }

  /** Something happened during the look, perhaps too late for it. */
  #shouldGoOn(): boolean {
    return this.#again && !this.#ended
  }

  async #lookOnce(): Promise<void> {
    try {
      for (const change of await this.#changes.look()) this.#say(`data: ${JSON.stringify(change)}\n\n`)
    } catch {
      // The store cannot be read now. The stream goes on when it can be again.
      this.#say('event: trouble\ndata: {}\n\n')
      return
    }
    if (!this.#changes.over) return
    this.#say('event: end\ndata: {}\n\n')
    this.end()
  }

  #say(text: string): void {
    if (this.#ended || this.#sink.behind()) return
    this.#quietSince = this.#clock.steady()
    this.#sink.send(text)
  }
}
