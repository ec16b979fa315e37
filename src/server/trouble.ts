import type { ServerEvent } from './event-stream.ts'
import { errorBody, type Problem } from './problems.ts'

/** What one client is told of what goes wrong: each problem once, until there was none. */
export class Trouble {
  readonly #wake: () => void
  #untold: Problem | undefined
  #last: string | undefined

  constructor(wake: () => void) {
    this.#wake = wake
  }

  /** Something has gone wrong, and not right again since. */
  get isThere(): boolean {
    return this.#last !== undefined
  }

  happened(problem: Problem): void {
    if (this.#last === problem.message) return
    this.#last = problem.message
    this.#untold = problem
    this.#wake()
  }

  over(): void {
    this.#last = undefined
  }

  next(): ServerEvent | undefined {
    const problem = this.#untold
    this.#untold = undefined
    return problem && { event: 'trouble', data: errorBody(problem) }
  }
}
