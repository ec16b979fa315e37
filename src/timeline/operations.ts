/** All operations of a run, as its journal and its notes tell of them. */
import { nameOf } from '../core/key.ts'
import type { Key } from '../core/ports/effects.ts'
import type { JournalEntry } from '../core/ports/store.ts'
import { type Noted, notesByKey, resumptionsOf } from './attempts.ts'
import type { Frame } from './frame.ts'
import type { Groups } from './groups.ts'
import { type Lane, type LaneSource, queuedLane, stepLane, waitLane } from './lanes.ts'
import { isByLibrary, isKnown, type Known, type RunHistory } from './source.ts'

/** @param journal in order */
export function lanesOf(
  source: RunHistory,
  journal: readonly JournalEntry[],
  standing: ReadonlyMap<Key, readonly Known[]>,
  groups: Groups,
  frame: Frame,
): Lane[] {
  const notes = notesByKey(source.notes, frame)
  const timedOut = timedOutEvents(journal, source, groups, standing)
  const guesses = guessedStarts(journal, { standing, notes, groups, frame, timedOut })
  const resumptions = resumptionsOf(standing, notes, frame)
  const from: LaneSource = { frame, groups, standing, notes, resumptions, guesses, timedOut }
  const lanes = new Map<Key, Lane>()
  for (const [key, entries] of standing) lanes.set(key, laneOf(from, key, entries))
  for (const key of timedOut.keys()) lanes.set(key, waitLane(from, key, 'event', undefined))
  for (const [key, noted] of notes) {
    const began = begunBy(key, noted, groups)
    if (began === undefined || lanes.has(began.key)) continue
    const { key: of, kind } = began
    lanes.set(of, kind === 'step' ? stepLane(from, of, []) : waitLane(from, of, kind, undefined))
  }
  for (const [key, place] of groups.members)
    if (!lanes.has(key) && !groups.byKey.has(key) && !isGroupsName(key))
      lanes.set(key, queuedLane(key, place, frame))
  return [...lanes.values()]
}

function laneOf(source: LaneSource, key: Key, entries: readonly Known[]): Lane {
  const last = entries.at(-1)
  switch (last?.kind) {
    case undefined:
    case 'step-done':
    case 'step-failed':
      return stepLane(source, key, entries)
    case 'timer-fired':
      return waitLane(source, key, 'sleep', last)
    case 'event-received':
    case 'event-failed':
      return waitLane(source, key, 'event', last)
    case 'child-done':
    case 'child-failed':
      return waitLane(source, key, 'child', last)
  }
}

interface Begun {
  readonly key: Key
  readonly kind: 'step' | 'child' | 'sleep' | 'event'
}

/** What is known to have begun by a note of this key: a wait for an event by that of its time limit. */
function begunBy(key: Key, { started, kind }: Noted, groups: Groups): Begun | undefined {
  const waits = timedEvent(key, groups)
  if (waits !== undefined) return { key: waits, kind: 'event' }
  if (isByLibrary(key)) return undefined
  if (started.size > 0) return { key, kind: 'step' }
  return kind === undefined ? undefined : { key, kind }
}

/** The wait for an event whose time limit has this key. */
function timedEvent(key: Key, groups: Groups): Key | undefined {
  if (!key.endsWith('!timeout')) return undefined
  const limited = key.slice(0, -'!timeout'.length)
  return nameOf(limited).startsWith('event:') && !groups.byKey.has(limited) ? limited : undefined
}

function timedOutEvents(
  journal: readonly JournalEntry[],
  { record }: RunHistory,
  groups: Groups,
  standing: ReadonlyMap<Key, readonly Known[]>,
): Map<Key, number> {
  const timedOut = new Map<Key, number>()
  for (const { seq, completion } of journal) {
    if (completion.kind !== 'timer-fired' || seq <= record.base) continue
    const event = timedEvent(completion.key, groups)
    if (event !== undefined && !standing.has(event)) timedOut.set(event, completion.at)
  }
  return timedOut
}

/** Of a group that never began there is no note; by default it is called like this. */
function isGroupsName(key: Key): boolean {
  const name = nameOf(key)
  return name === 'parallel' || name === 'race' || name === 'any'
}

/**
 * Since when something waited of which only the end is recorded: what is over within a moment is not noted, and a retry forgets
 * notes. A member of a group waited since that began, if it had a place at once. Anything else is taken to have begun when
 * the last thing before it in its scope had ended; in a function branch before which nothing had, when the group began.
 */
function guessedStarts(
  journal: readonly JournalEntry[],
  {
    standing,
    notes,
    groups,
    frame,
    timedOut,
  }: Pick<LaneSource, 'standing' | 'notes' | 'groups' | 'frame' | 'timedOut'>,
): Map<Key, number> {
  const wanted = new Map<Key, number>()
  const want = (key: Key, at: number): void => {
    const known = notes.get(key)?.waiting ?? notes.get(`${key}!timeout`)?.waiting
    if (known === undefined) wanted.set(key, frame.placed(at))
  }
  for (const [key, entries] of standing) {
    const last = entries.at(-1)
    if (last !== undefined && last.kind !== 'step-done' && last.kind !== 'step-failed') want(key, last.at)
  }
  for (const [key, at] of timedOut) want(key, at)
  const guesses = new Map<Key, number>()
  if (wanted.size === 0) return guesses
  const lastIn = new Map<string, number>()
  for (const key of wanted.keys()) lastIn.set(scopeOf(key), Number.NEGATIVE_INFINITY)
  for (const { completion } of journal) {
    if (completion.kind !== 'timer-fired' && !isKnown(completion)) continue
    const key = completion.key.endsWith('!timeout')
      ? completion.key.slice(0, -'!timeout'.length)
      : completion.key
    const ended = wanted.get(key)
    if (ended !== undefined && !guesses.has(key)) {
      const guess = guessOf(key, lastIn.get(scopeOf(key)), groups, frame)
      if (guess !== undefined) guesses.set(key, Math.min(guess, ended))
    }
    for (let scope = scopeOf(completion.key); ; scope = scopeOf(scope.slice(0, -1))) {
      if (lastIn.has(scope)) lastIn.set(scope, frame.placed(completion.at))
      if (scope === '') break
    }
  }
  return guesses
}

function guessOf(key: Key, last: number | undefined, groups: Groups, frame: Frame): number | undefined {
  const place = groups.placeOf(key)
  const { limit } = place?.group.shape ?? {}
  if (place?.isMember === true)
    return limit === undefined || Number(place.label) < limit ? place.group.from : undefined
  return Math.max(last ?? frame.from, place?.group.from ?? frame.from)
}

/** Its scope, with the slash at the end; empty for the run's own. */
function scopeOf(key: string): string {
  return key.slice(0, key.lastIndexOf('/') + 1)
}
