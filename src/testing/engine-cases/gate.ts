/** A promise that a test settles by hand, and that says when somebody has come to wait for it. */
export interface Gate<T = void> {
  readonly promise: Promise<T>
  open(value: T): void
  fail(error: unknown): void
  /** Resolves when `pass` is first called. */
  readonly reached: Promise<void>
  /** What a step's function calls: it ends when the test says so. */
  pass(): Promise<T>
}

export function gate<T = void>(): Gate<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const arrival = Promise.withResolvers<void>()
  promise.catch(() => undefined)
  return {
    promise,
    open: resolve,
    fail: reject,
    reached: arrival.promise,
    pass() {
      arrival.resolve()
      return promise
    },
  }
}

/** Gates by name, made when first asked for. */
export function gates<T = void>(): (name: string) => Gate<T> {
  const known = new Map<string, Gate<T>>()
  return (name) => {
    const one = known.get(name) ?? gate<T>()
    known.set(name, one)
    return one
  }
}

/** Resolves to the reason when a signal is aborted. */
export function aborted(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(signal.reason)
    else signal.addEventListener('abort', () => resolve(signal.reason), { once: true })
  })
}

/** How many run at once, and the most that ever did. */
export class Meter {
  running = 0
  most = 0
  readonly started: string[] = []

  async during<T>(name: string, body: () => Promise<T>): Promise<T> {
    this.started.push(name)
    this.most = Math.max(this.most, ++this.running)
    try {
      return await body()
    } finally {
      this.running--
    }
  }
}
