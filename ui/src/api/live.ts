/** Live changes. The page asks again after each; after a lost connection too, as nobody told it what it missed. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { messageOf } from './client.ts'

/** Milliseconds after a lost connection: what the browser gives up, is opened anew. */
const RECONNECT = 2000
/** A loading that takes long must not follow itself without a pause: it waits as many times as long as it took. */
const REST = 2
/** Milliseconds between two loadings at least. */
const GATHER = 120

export interface Live<Value> {
  readonly value: Value | undefined
  /** What the last loading failed with; what was loaded before is kept. */
  readonly problem: string | undefined
  reload(): void
}

const lost = new Set<object>()
const listeners = new Set<() => void>()

function setLost(stream: object, isLost: boolean): void {
  if (isLost === lost.has(stream)) return
  if (isLost) lost.add(stream)
  else lost.delete(stream)
  for (const listener of listeners) listener()
}

/** Whether some stream of changes is broken now. */
export function useConnectionLost(): boolean {
  const [isLost, set] = useState(lost.size > 0)
  useEffect(() => {
    const listener = (): void => set(lost.size > 0)
    listeners.add(listener)
    listener()
    return () => void listeners.delete(listener)
  }, [])
  return isLost
}

/** Follows a stream of changes. @returns how to stop */
function follow(path: string, onChange: () => void): () => void {
  const self = {}
  let source: EventSource | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  const open = (): void => {
    source = new EventSource(path)
    source.addEventListener('open', () => {
      setLost(self, false)
      onChange()
    })
    for (const name of ['message', 'changed', 'overflow', 'end']) source.addEventListener(name, onChange)
    source.addEventListener('error', () => {
      setLost(self, true)
      if (source?.readyState === EventSource.CLOSED) timer = setTimeout(open, RECONNECT)
    })
  }
  open()
  return () => {
    clearTimeout(timer)
    source?.close()
    setLost(self, false)
  }
}

/**
 * A value that is loaded at once, and again with each change that the stream tells.
 * @param key what it depends on: another key begins anew
 */
export function useLive<Value>(key: string, stream: string, load: () => Promise<Value>): Live<Value> {
  const [state, setState] = useState<{ key: string; value?: Value; problem?: string }>({ key })
  const loader = useRef(load)
  loader.current = load
  const reload = useRef<() => void>(() => undefined)
  useEffect(() => {
    const loading = new Loading(
      () => loader.current(),
      (result) => setState((before) => ({ ...(before.key === key ? before : {}), problem: undefined, ...result, key }) as never),
    )
    reload.current = () => loading.ask()
    loading.ask()
    const stop = follow(stream, () => loading.ask())
    return () => {
      stop()
      loading.stop()
    }
  }, [key, stream])
  const current = state.key === key ? state : { key }
  return { value: current.value, problem: current.problem, reload: () => reload.current() }
}

/** One loading at a time; what is asked for meanwhile follows it, once. */
class Loading<Value> {
  readonly #load: () => Promise<Value>
  readonly #done: (result: { value: Value } | { problem: string }) => void
  #busy = false
  #again = false
  #stopped = false

  constructor(load: () => Promise<Value>, done: (result: { value: Value } | { problem: string }) => void) {
    this.#load = load
    this.#done = done
  }

  ask(): void {
    this.#again = this.#busy
    if (!this.#busy && !this.#stopped) void this.#run()
  }

  stop(): void {
    this.#stopped = true
  }

  async #run(): Promise<void> {
    this.#busy = true
    this.#again = false
    const began = performance.now()
    let result: { value: Value } | { problem: string }
    try {
      result = { value: await this.#load() }
    } catch (error) {
      result = { problem: messageOf(error) }
    }
    if (this.#stopped) return
    this.#done(result)
    const rest = Math.max(GATHER, REST * (performance.now() - began))
    setTimeout(() => {
      this.#busy = false
      if (this.#again && !this.#stopped) void this.#run()
    }, rest)
  }
}
