/**
 * One stream of changes for all who want to know: browsers allow six connections to a server, for all tabs together. It runs in a
 * worker that the tabs share, or in the page where there are none.
 */

/** What members are told. */
export type News =
  /** The list of runs may have changed. */
  | { readonly kind: 'list' }
  /** Something of this run may have changed. */
  | { readonly kind: 'run'; readonly id: string }
  | { readonly kind: 'connection'; readonly isLost: boolean }

export interface Member {
  /** Runs that it follows from now on. */
  follow(ids: readonly string[]): void
  leave(): void
}

/** Milliseconds after a lost connection: what the browser gives up, is opened anew. */
const RECONNECT = 2000
/** More runs than the server lets one stream follow: the last ones count. */
const MOST_FOLLOWED = 50

export class Hub {
  readonly #members = new Map<(news: News) => void, readonly string[]>()
  /** By run, as the server last told it: a stream that is opened anew says again what was known. */
  readonly #marks = new Map<string, string>()
  #source: EventSource | undefined
  #followed: ReadonlySet<string> = new Set()
  #timer: ReturnType<typeof setTimeout> | undefined
  /** The stream is being opened, and who follows what has changed since. */
  #isStale = false
  #isLost = false
  #isTroubled = false

  join(tell: (news: News) => void): Member {
    this.#members.set(tell, [])
    tell({ kind: 'connection', isLost: this.#isLost })
    return {
      follow: (ids) => {
        if (!this.#members.has(tell)) return
        this.#members.set(tell, ids)
        if (this.#source === undefined || !ids.every((id) => this.#followed.has(id))) this.#renew()
      },
      leave: () => {
        this.#members.delete(tell)
        if (this.#members.size === 0) this.#renew()
      },
    }
  }

  /** Not while it is being opened: a request that is given up before it was answered may keep its connection. */
  #renew(): void {
    this.#isStale = this.#source?.readyState === EventSource.CONNECTING
    if (!this.#isStale) this.#openAnew()
  }

  #openAnew(): void {
    if (this.#members.size > 0) this.#open()
    else this.#close()
  }

  #open(): void {
    this.#close()
    const wanted = new Set([...this.#members.values()].flat())
    this.#followed = new Set([...wanted].slice(-MOST_FOLLOWED))
    const query = new URLSearchParams([...this.#followed].map((id) => ['run', id]))
    const source = (this.#source = new EventSource(`/api/changes?${query}`))
    source.addEventListener('open', () => {
      this.#connection(false)
      if (this.#isStale) this.#openAnew()
    })
    source.addEventListener('list', () => this.#trouble(false))
    source.addEventListener('changed', () => this.#tell({ kind: 'list' }))
    source.addEventListener('run', ({ data }: MessageEvent<string>) => this.#runChanged(data))
    source.addEventListener('trouble', () => this.#trouble(true))
    source.addEventListener('error', () => {
      this.#connection(true)
      if (source.readyState === EventSource.CLOSED) this.#timer = setTimeout(() => this.#open(), RECONNECT)
    })
  }

  #close(): void {
    clearTimeout(this.#timer)
    this.#source?.close()
    this.#source = undefined
    this.#isStale = false
    this.#followed = new Set()
  }

  #runChanged(data: string): void {
    const { id, mark } = JSON.parse(data) as { readonly id: string; readonly mark?: string }
    if (mark !== undefined && this.#marks.get(id) === mark) return
    if (mark === undefined) this.#marks.delete(id)
    else this.#marks.set(id, mark)
    this.#tell({ kind: 'run', id })
  }

  /** What it is, whoever asks is told; and after it too, all have to ask. */
  #trouble(isThere: boolean): void {
    const was = this.#isTroubled
    this.#isTroubled = isThere
    if (was || isThere) this.#everything()
    else this.#tell({ kind: 'list' })
  }

  #connection(isLost: boolean): void {
    if (isLost === this.#isLost) return
    this.#isLost = isLost
    this.#tell({ kind: 'connection', isLost })
    if (!isLost) this.#everything()
  }

  /** Nobody knows what has changed meanwhile. */
  #everything(): void {
    this.#tell({ kind: 'list' })
    for (const ids of this.#members.values()) for (const id of ids) this.#tell({ kind: 'run', id })
  }

  #tell(news: News): void {
    for (const [tell, ids] of this.#members) if (news.kind !== 'run' || ids.includes(news.id)) tell(news)
  }
}
