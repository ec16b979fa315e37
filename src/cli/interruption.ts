import { EXIT } from './exit-codes.ts'

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** The first signal asks for an orderly stop, the second ends the process at once. */
export class Interruption {
  /** Resolves with the first signal. */
  readonly happened: Promise<{ readonly signal: NodeJS.Signals }>
  #count = 0
  readonly #stopListening: () => void

  constructor(beforeExit: () => void) {
    const { promise, resolve } = Promise.withResolvers<{ readonly signal: NodeJS.Signals }>()
    this.happened = promise
    const listener = (signal: NodeJS.Signals): void => {
      resolve({ signal })
      if (++this.#count === 1) return
      beforeExit()
      process.exit(EXIT.interrupted)
    }
    for (const signal of SIGNALS) process.on(signal, listener)
    this.#stopListening = () => {
      for (const signal of SIGNALS) process.off(signal, listener)
    }
  }

  end(): void {
    this.#stopListening()
  }
}
