/** What a worker did and what its user code saw, a line for each, written before anything else happens. */
import { closeSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'

/** How a run stood in the file at that moment. */
interface Standing {
  readonly epoch: number
  readonly owner: string | null
  /** The last entry of its journal. */
  readonly seq: number
}

export interface Line {
  /** Nanoseconds on a clock that all processes of a host share. */
  readonly at: bigint
  readonly pid: number
  readonly run: string
}

/** `execute` was called: an execution begins. `n` counts the executions of its process. */
export interface Executing extends Line, Standing {
  readonly what: 'execute'
  readonly n: number
}

/** A step's function was called, or is about to return or throw (`effect`). */
export interface Call extends Line, Standing {
  readonly what: 'begin' | 'effect'
  readonly key: string
  readonly attempt: number
  readonly n: number
}

/** Code of the workflow has awaited something and goes on with it. */
export interface Sight extends Line {
  readonly what: 'saw'
  readonly n: number
  /** The place in the program. */
  readonly path: string
  readonly value: unknown
}

/** A client was told how the run ended. */
export interface Told extends Line {
  readonly what: 'told'
  readonly outcome: unknown
}

/** The process killed itself. */
export interface Death extends Line {
  readonly what: 'died'
}

export type LogLine = Executing | Call | Sight | Told | Death

const LOOK = `
  SELECT epoch, owner, (SELECT coalesce(max(seq), 0) FROM journal WHERE run = no) AS seq FROM runs WHERE id = ?`

/** One worker's log of one round. Looks at the file with a connection and a query of its own. */
export class Log {
  readonly #file: number
  readonly #path: string
  #db: DatabaseSync | undefined
  #look: StatementSync | undefined
  #executions = 0
  #closed = false

  constructor(dir: string) {
    this.#path = join(dir, 'runs.db')
    this.#file = openSync(join(dir, `${process.pid}.log`), 'a')
  }

  /** @returns the number of this execution */
  executing(run: string): number {
    const n = ++this.#executions
    this.#write({ what: 'execute', run, n, ...this.#standing(run) })
    return n
  }

  begins(n: number, run: string, key: string, attempt: number): void {
    this.#write({ what: 'begin', run, n, key, attempt, ...this.#standing(run) })
  }

  effect(n: number, run: string, key: string, attempt: number): void {
    this.#write({ what: 'effect', run, n, key, attempt, epoch: 0, owner: null, seq: 0 })
  }

  saw(n: number, run: string, path: string, value: unknown): void {
    this.#write({ what: 'saw', run, n, path, value })
  }

  told(run: string, outcome: unknown): void {
    this.#write({ what: 'told', run, outcome })
  }

  died(): void {
    this.#write({ what: 'died', run: '' })
  }

  close(): void {
    this.#closed = true
    this.#db?.close()
    closeSync(this.#file)
  }

  #standing(run: string): Standing {
    if (this.#closed) return { epoch: 0, owner: null, seq: 0 }
    if (this.#look === undefined) {
      this.#db = new DatabaseSync(this.#path, { readOnly: true, timeout: 10_000 })
      this.#look = this.#db.prepare(LOOK)
    }
    return this.#look.get(run) as unknown as Standing
  }

  /** Functions that outlive their round have nothing more to say. */
  #write(line: object): void {
    if (this.#closed) return
    const at = String(process.hrtime.bigint())
    writeSync(this.#file, `${JSON.stringify({ at, pid: process.pid, ...line })}\n`)
  }
}

/** Every line of a round, in the order in which they were written. A line that a kill cut in two was never finished. */
export function readLogs<L extends Line = LogLine>(dir: string): L[] {
  const files = readdirSync(dir).filter((name) => name.endsWith('.log'))
  const lines = files.flatMap((name) => readFileSync(join(dir, name), 'utf8').split('\n').slice(0, -1))
  return lines
    .map(
      (text) =>
        JSON.parse(text, (name, value: unknown) => (name === 'at' ? BigInt(String(value)) : value)) as L,
    )
    .toSorted((one, other) => (one.at < other.at ? -1 : one.at > other.at ? 1 : 0))
}
