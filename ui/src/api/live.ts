/** Values that are loaded again with each change: nothing has to be kept right by what a change says. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { listen } from './changes.ts'
import { messageOf, RequestError } from './client.ts'

/** A loading that takes long must not follow itself without a pause: it waits as many times as long as it took. */
const REST = 2
/** Milliseconds between two loadings at least. */
const GATHER = 120
/** Milliseconds before what may pass by itself is tried again. */
const RETRY = 3000

export interface Live<Value> {
  readonly value: Value | undefined
  /** What the last loading failed with; what was loaded before is kept. */
  readonly problem: string | undefined
  reload(): void
}

type Result<Value> = { readonly value: Value } | { readonly problem: string }

/**
 * A value that is loaded at once, and again with each change.
 * @param key what it depends on: another key begins anew
 * @param run whose changes count; undefined: those of the list of runs
 */
export function useLive<Value>(
  key: string,
  run: string | undefined,
  load: () => Promise<Value>,
): Live<Value> {
  const [state, setState] = useState<{ key: string; value?: Value; problem?: string }>({ key })
  const loader = useRef(load)
  loader.current = load
  const reload = useRef<() => void>(() => undefined)
  useEffect(() => {
    const done = (result: Result<Value>): void =>
      setState(({ value, ...before }) => ({
        key,
        ...(before.key === key && value !== undefined && { value }),
        ...result,
      }))
    const loading = new Loading(() => loader.current(), done)
    reload.current = () => loading.ask()
    loading.ask()
    const stop = listen(run, () => loading.ask())
    return () => {
      stop()
      loading.stop()
    }
  }, [key, run])
  const current = state.key === key ? state : { key }
  return { value: current.value, problem: current.problem, reload: () => reload.current() }
}

/** One loading at a time; what is asked for meanwhile follows it, once. */
class Loading<Value> {
  readonly #load: () => Promise<Value>
  readonly #done: (result: Result<Value>) => void
  #timer: ReturnType<typeof setTimeout> | undefined
  #busy = false
  #again = false
  #stopped = false

  constructor(load: () => Promise<Value>, done: (result: Result<Value>) => void) {
    this.#load = load
    this.#done = done
  }

  ask(): void {
    this.#again = this.#busy
    if (!this.#busy && !this.#stopped) void this.#run()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  async #run(): Promise<void> {
    clearTimeout(this.#timer)
    this.#busy = true
    this.#again = false
    const began = performance.now()
    let mayPass = false
    let result: Result<Value>
    try {
      result = { value: await this.#load() }
    } catch (error) {
      result = { problem: messageOf(error) }
      mayPass = error instanceof RequestError && (error.status === 0 || error.status >= 500)
    }
    if (this.#stopped) return
    this.#done(result)
    this.#timer = setTimeout(
      () => {
        this.#busy = false
        if (this.#again) void this.#run()
        else if (mayPass) this.#timer = setTimeout(() => this.ask(), RETRY)
      },
      Math.max(GATHER, REST * (performance.now() - began)),
    )
  }
}
