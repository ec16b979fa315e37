/** The calls of a step's function, as its journal entries and notes tell of them. */
import type { Key } from '../core/ports/effects.ts'
import type { Note } from '../core/ports/store.ts'
import { above, type Frame } from './frame.ts'
import { beginningOf, type Known } from './source.ts'
import type { Phase, Span } from './timeline.ts'

/** What notes tell of one key. */
export interface Noted {
  /** Attempts that began, by their number. */
  readonly started: Map<number, number>
  /** Attempts that were given up, by their number. */
  readonly givenUp: Map<number, number>
  /** Something other than a step was begun then. */
  waiting: number | undefined
  /** Of what waits: what it is. */
  kind: 'child' | 'sleep' | 'event' | undefined
}

export function notesByKey(notes: readonly Note[], frame: Frame): Map<Key, Noted> {
  const byKey = new Map<Key, Noted>()
  for (const { key, kind, at, attempt } of notes) {
    if (kind === 'group' || kind === 'trace') continue
    let noted = byKey.get(key)
    if (noted === undefined)
      byKey.set(
        key,
        (noted = { started: new Map(), givenUp: new Map(), waiting: undefined, kind: undefined }),
      )
    const time = frame.placed(at)
    if (kind === 'cancelled') noted.givenUp.set(attempt, time)
    else if (kind === 'started' && attempt > 0) noted.started.set(attempt, time)
    else {
      noted.waiting = Math.min(time, noted.waiting ?? time)
      noted.kind = kind === 'started' ? 'child' : kind === 'due' ? 'sleep' : 'event'
    }
  }
  return byKey
}

export interface Attempts {
  readonly spans: Span[]
  /** How often its function was called. */
  readonly count: number
  /** The last attempt was given up then. */
  readonly givenUpAt: number | undefined
}

interface Attempt {
  readonly number: number
  readonly from: number
  /** Absent where nobody wrote it down. */
  readonly until: number | undefined
  readonly failed: boolean
}

/**
 * Where an attempt has no end but another follows, its process did not survive it: it is taken to have run until the last
 * moment of which anything is known before the run was resumed. From then on the step waited for somebody to go on.
 * @param resumptions as `resumptionsOf` tells
 */
export function attemptsOf(
  entries: readonly Known[],
  noted: Noted | undefined,
  resumptions: readonly number[],
  frame: Frame,
): Attempts {
  const attempts = known(entries, noted, frame)
  const spans: Span[] = []
  let last = Number.NEGATIVE_INFINITY
  const add = (phase: Phase, attempt: number, from: number, until: number | undefined): void => {
    const begun = Math.max(from, last)
    const ended = until === undefined ? undefined : Math.max(begun, until)
    if (phase === 'running' || begun !== ended) spans.push({ phase, from: begun, until: ended, attempt })
    last = ended ?? begun
  }
  for (const [index, { number, from, until, failed }] of attempts.entries()) {
    const next = attempts[index + 1]
    const resumed = next && Math.min(next.from, resumptions[above(resumptions, from)] ?? next.from)
    const ended = until ?? (resumed === undefined ? undefined : Math.max(from, frame.lastBefore(resumed)))
    add('running', number, from, ended)
    if (next !== undefined) add(failed ? 'backing-off' : 'waiting', next.number, last, next.from)
    else if (failed && isOpen(entries)) add('backing-off', number + 1, last, undefined)
  }
  const latest = attempts.at(-1)
  const givenUpAt = latest === undefined ? undefined : noted?.givenUp.get(latest.number)
  return { spans, count: latest?.number ?? 0, givenUpAt }
}

/**
 * When others went on with what a process had left behind, in order: at the latest when the first of the attempts began that
 * follow one without an end. All of which the time fits are taken to be of one such moment.
 */
export function resumptionsOf(
  standing: ReadonlyMap<Key, readonly Known[]>,
  notes: ReadonlyMap<Key, Noted>,
  frame: Frame,
): number[] {
  const lost: { readonly from: number; readonly next: number }[] = []
  for (const [key, noted] of notes) {
    const attempts = known(standing.get(key) ?? [], noted, frame)
    for (const [index, { from, until }] of attempts.entries()) {
      const next = attempts[index + 1]
      if (until === undefined && next !== undefined) lost.push({ from, next: next.from })
    }
  }
  const resumptions: number[] = []
  for (const { from, next } of lost.sort((a, b) => a.next - b.next))
    if (from >= (resumptions.at(-1) ?? Number.NEGATIVE_INFINITY)) resumptions.push(next)
  return resumptions
}

/** No entry tells how the operation ended. */
export function isOpen(entries: readonly Known[]): boolean {
  const last = entries.at(-1)
  return last === undefined || (last.kind === 'step-failed' && last.retryAt !== undefined)
}

function known(entries: readonly Known[], noted: Noted | undefined, frame: Frame): Attempt[] {
  const attempts = new Map<number, Attempt>()
  for (const entry of entries) {
    if (entry.kind !== 'step-done' && entry.kind !== 'step-failed') continue
    const from = frame.placed(beginningOf(entry))
    const until = frame.placed(entry.at)
    attempts.set(entry.attempt, { number: entry.attempt, from, until, failed: entry.kind === 'step-failed' })
  }
  const final = isOpen(entries) ? Number.POSITIVE_INFINITY : Math.max(...attempts.keys())
  for (const [number, from] of noted?.started ?? [])
    if (number < final && !attempts.has(number)) {
      const until = noted?.givenUp.get(number)
      attempts.set(number, { number, from, until: until && Math.max(from, until), failed: false })
    }
  return [...attempts.values()].sort((a, b) => a.number - b.number)
}
