/** Calls that are made one after another: one that is asked for during another waits until that has returned. */
export class OneAtATime<A, B> {
  readonly #call: (a: A, b: B) => void
  readonly #waiting: (readonly [A, B])[] = []
  #calling = false

  constructor(call: (a: A, b: B) => void) {
    this.#call = call
  }

  call(a: A, b: B): void {
    if (this.#calling) {
      this.#waiting.push([a, b])
      return
    }
    this.#calling = true
    try {
      this.#call(a, b)
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift())
        this.#call(...next)
    } finally {
      this.#calling = false
    }
  }
}
