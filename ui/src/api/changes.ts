/** How the page hears of changes: from the hub that all tabs share. */
import { useEffect, useState } from 'preact/hooks'
import { Hub, type Member, type News } from './hub.ts'

interface Listener {
  /** Undefined: the list of runs. */
  readonly run: string | undefined
  onChange(): void
}

/** Tabs of one browser may be of two versions of the page: they share a worker only where these are equal. */
const PROTOCOL = 1

const listeners = new Set<Listener>()
let member: Member | undefined
let isLost = false
const lostListeners = new Set<(isLost: boolean) => void>()

/** @param run undefined: the list of runs. @returns how to stop */
export function listen(run: string | undefined, onChange: () => void): () => void {
  const listener: Listener = { run, onChange }
  listeners.add(listener)
  member ??= join()
  follow()
  return () => {
    listeners.delete(listener)
    follow()
  }
}

/** Whether nothing is heard of the server now. */
export function useConnectionLost(): boolean {
  const [state, set] = useState(isLost)
  useEffect(() => {
    lostListeners.add(set)
    set(isLost)
    return () => void lostListeners.delete(set)
  }, [])
  return state
}

function follow(): void {
  const runs = new Set([...listeners].map(({ run }) => run))
  runs.delete(undefined)
  member?.follow([...runs] as string[])
}

function hear(news: News): void {
  if (news.kind === 'connection') {
    isLost = news.isLost
    for (const set of lostListeners) set(isLost)
    return
  }
  const run = news.kind === 'run' ? news.id : undefined
  for (const listener of listeners) if (listener.run === run) listener.onChange()
}

function join(): Member {
  if (!('SharedWorker' in globalThis)) return new Hub().join(hear)
  const worker = new SharedWorker('hub.js', { type: 'module', name: `changes ${PROTOCOL}` })
  worker.port.addEventListener('message', ({ data }: MessageEvent<News>) => hear(data))
  worker.port.start()
  // It could not be loaded: this tab does without the others.
  worker.addEventListener('error', () => {
    member = new Hub().join(hear)
    follow()
  })
  return {
    follow: (ids) => worker.port.postMessage(ids),
    leave: () => worker.port.postMessage(null),
  }
}

addEventListener('pagehide', () => {
  member?.leave()
  member = undefined
})
// The browser kept the page, and shows it again: nobody told it what it missed.
addEventListener('pageshow', ({ persisted }) => {
  if (!persisted) return
  member = join()
  follow()
  for (const { onChange } of listeners) onChange()
})
