/** What a service process did, a line for each, on disk before anything else happens. */
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Line } from '../log.ts'
import type { Notes } from '../perform.ts'

/** A step's function was called, or is about to return or throw (`effect`). */
export interface Call extends Line {
  readonly what: 'begin' | 'effect'
  readonly key: string
  readonly attempt: number
  /** The execution of the run, counted by its process. */
  readonly n: number
}

/** A run's code was called, or goes on after it awaited something. */
export interface Progress extends Line {
  readonly what: 'execute' | 'saw'
  readonly n: number
}

export type NotedLine = Call | Progress

/** Nanoseconds since the epoch: Restate's records have times of that clock. */
export function wallClock(): bigint {
  return BigInt(Date.now()) * 1_000_000n
}

export class Journal implements Notes {
  readonly #file: number
  #executions = 0

  /** @param dir where the process has a file of its own */
  constructor(dir: string) {
    this.#file = openSync(join(dir, `${process.pid}.log`), 'a')
  }

  executing(run: string): number {
    const n = ++this.#executions
    this.#write({ what: 'execute', run, n })
    return n
  }

  begins(n: number, run: string, key: string, attempt: number): void {
    this.#write({ what: 'begin', run, n, key, attempt })
    fsyncSync(this.#file)
  }

  effect(n: number, run: string, key: string, attempt: number): void {
    this.#write({ what: 'effect', run, n, key, attempt })
    fsyncSync(this.#file)
  }

  saw(n: number, run: string): void {
    this.#write({ what: 'saw', run, n })
  }

  close(): void {
    closeSync(this.#file)
  }

  #write(line: object): void {
    writeSync(this.#file, `${JSON.stringify({ at: String(wallClock()), pid: process.pid, ...line })}\n`)
  }
}
