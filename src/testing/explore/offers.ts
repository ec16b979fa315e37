/** What can happen next in an explored world. */
import { CANCEL_KEY, type Key } from '../../core/ports/effects.ts'
import type { VirtualClock } from '../virtual-clock.ts'
import type { Due } from '../virtual/activity.ts'
import type { Option } from './chooser.ts'
import { type LiveRun, placeOf } from './live-run.ts'
import type { Plan } from './plan.ts'

export interface WorldOffer extends Option {
  readonly run: LiveRun
  take(): void
}

interface OfferingWorld {
  readonly plan: Plan
  readonly clock: VirtualClock
  readonly runs: readonly LiveRun[]
  readonly mayHaveFault: boolean
  /** Steps in flight come to nothing here, so that nothing but a cancellation may be possible. */
  readonly willCrash: boolean
  isIdle(run: LiveRun, key: Key): boolean
}

export function offersOf(world: OfferingWorld): WorldOffer[] {
  const living = world.runs.filter((run) => !run.over)
  const own = living.flatMap((run) => ownOffers(run))
  // A parent hears of its child's end at once: later is as if the child had ended later.
  const childEnded = own.find(({ run, label }) => isChildEnd(run, label))
  if (childEnded !== undefined) return [childEnded]
  const offers = [...own, ...timeOffers(world, living, own.length === 0)]
  const cancel = cancelOffer(world, living)
  // A run that only a cancellation can end has got stuck.
  return cancel === undefined || (offers.length === 0 && !world.willCrash) ? offers : [...offers, cancel]
}

function ownOffers(run: LiveRun): WorldOffer[] {
  const { stored, virtual } = run
  const offers: WorldOffer[] = virtual
    .offers()
    .filter(({ kind }) => kind !== 'clock')
    .map(({ kind, key, label, take }) => {
      const place = placeOf(stored, key)
      return {
        run,
        label: kind === 'event' ? `!${label.replace(/ for .*$/s, '')} ${place}` : place,
        fault: false,
        take,
      }
    })
  const asked = stored.cancelAsked
  if (asked !== undefined && !isCancelled(run))
    offers.push({ run, label: placeOf(stored, CANCEL_KEY), fault: false, take: () => cancel(run, asked) })
  return offers
}

function isChildEnd(run: LiveRun, label: string): boolean {
  return run.virtual.endedChildren.some((key) => placeOf(run.stored, key) === label)
}

/**
 * Deadlines pass when nothing else can happen, as an accident, or for a step that was made to hang. No time passes over
 * something that has come to its end by then, and has to be recorded first.
 */
function timeOffers(world: OfferingWorld, living: readonly LiveRun[], nothingElse: boolean): WorldOffer[] {
  let first: (Due & { readonly key: Key; readonly run: LiveRun }) | undefined
  for (const run of living)
    for (const due of run.virtual.dues())
      if (first === undefined || due.at < first.at) first = { ...due, run }
  if (first === undefined) return []
  const { at, kind, key, run } = first
  if (run.virtual.happeningOf(key) !== undefined) return []
  const accident = kind === 'deadline' && !nothingElse && !world.isIdle(run, key)
  if (accident && !isLibraryTimer(key)) return []
  if (accident && !(world.plan.mayTimeOut && world.mayHaveFault)) return []
  const place = placeOf(run.stored, key)
  const label =
    kind === 'retry'
      ? `!retry ${place}`
      : kind === 'timer' || isLibraryTimer(key)
        ? place
        : `!timeout ${place}`
  const take = (): void => {
    world.clock.advance(Math.max(0, at - world.clock.now()))
    // What the clock has set off is recorded at once.
    run.virtual
      .offers()
      .find((offer) => offer.kind === 'commit' && offer.key === key)
      ?.take()
  }
  return [{ run, label, fault: accident, take }]
}

/** A group's or a wait's own timer is an operation; the time of a step's attempt is not. */
function isLibraryTimer(key: Key): boolean {
  return key.includes('!')
}

function cancelOffer(world: OfferingWorld, living: readonly LiveRun[]): WorldOffer | undefined {
  const root = living.find(({ stored }) => stored.root)
  if (root === undefined || !world.plan.mayBeCancelled || !world.mayHaveFault || isCancelled(root))
    return undefined
  const reason = world.plan.codec.encodeError(new Error('as the exploration wants it'))
  return { run: root, label: CANCEL_KEY, fault: true, take: () => cancel(root, reason) }
}

function cancel(run: LiveRun, payload: string): void {
  run.virtual.commit({ kind: 'cancel-requested', key: CANCEL_KEY, at: run.virtual.clock.now(), payload })
}

function isCancelled(run: LiveRun): boolean {
  return run.journal.some(({ kind }) => kind === 'cancel-requested')
}
