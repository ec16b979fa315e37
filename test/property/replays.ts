/** The property itself: what a program saw before a crash, it sees again after it; and what is recorded is not done again. */
import { CompensationError } from 'ai-workflows'
import { RandomDirector } from '../../src/testing/virtual/random-director.ts'
import { recordUpTo } from '../../src/testing/virtual/record.ts'
import { ScriptedDirector } from '../../src/testing/virtual/scripted-director.ts'
import type { Director, Stage } from '../../src/testing/virtual/director.ts'
import type { Block } from './program.ts'
import type { Seen } from './seen.ts'
import { codec, type Parts, simulate, type Simulation } from './simulate.ts'

/** Everything that chance decides about one program's life. */
export interface Fate {
  /** Which of the things that may happen next does; the first when they are used up. */
  readonly choices: readonly number[]
  /** The same, for what happens after a crash. */
  readonly otherChoices: readonly number[]
  readonly cancelAt: number | undefined
  /** The world aborts the outside signal when the journal has this length. */
  readonly abortAt: number | undefined
}

/** @returns how many crash points were tried */
export async function checkReplays(program: Block, fate: Fate, parts: Parts): Promise<number> {
  const live = await simulate({ program, director: chance(fate, fate.choices), parts })
  checkUndone(live, live.compensable, 'Live')
  const entries = live.record.completions.length
  for (let crash = 0; crash <= entries; crash++) {
    if (crash === 0 || live.record.batchEnds.includes(crash))
      await checkSameFuture(program, fate, parts, live, crash)
    await checkOtherFuture(program, fate, parts, live, crash)
  }
  return entries + 1
}

/**
 * The world goes on as it did: so must the program, to its end. Only from where a batch ended: what was committed
 * together with the last entry, and is lost, might not be wanted any more when the replay has dealt with that entry.
 */
async function checkSameFuture(
  program: Block,
  fate: Fate,
  parts: Parts,
  live: Simulation,
  crash: number,
): Promise<void> {
  const replay = await simulate({
    program,
    parts,
    director: () => new ScriptedDirector(live.record, codec, choosing(rotated(fate.otherChoices, crash))),
    record: recordUpTo(live.record, crash),
    countLostAttempts: false,
  }).catch(after(`Replay from entry ${crash} with the same future`, live))
  const where = `Replay from entry ${crash} with the same future`
  same(replay.trace, live.trace, where)
  sameOne(replay.outcome, live.outcome, `${where}: outcome`)
  sameStandings(replay, live, live.record.completions.length, where)
  notRepeated(replay, live, crash, where)
}

/** The world goes on in another way: up to the crash nothing has changed, and what follows can be replayed again. */
async function checkOtherFuture(
  program: Block,
  fate: Fate,
  parts: Parts,
  live: Simulation,
  crash: number,
): Promise<void> {
  const where = `Replay from entry ${crash} with another future`
  const director = chance(fate, rotated(fate.otherChoices, crash))
  const other = await simulate({ program, parts, director, record: recordUpTo(live.record, crash) }).catch(
    after(where, live),
  )
  const seen = live.standings.get(crash)?.seen ?? live.trace.length
  same(other.trace.slice(0, seen), live.trace.slice(0, seen), where)
  sameStandings(other, live, crash, where)
  notRepeated(other, live, crash, where)
  checkUndone(other, new Set([...other.compensable, ...recordedOf(live, crash)]), where)
  const all = other.record.completions.length
  const again = `${where}, then from its end`
  const replay = await simulate({
    program,
    parts,
    director: () => new ScriptedDirector(other.record, codec, choosing(fate.choices)),
    record: recordUpTo(other.record, all),
  }).catch(after(again, other))
  same(replay.trace, other.trace, again)
  sameOne(replay.outcome, other.outcome, `${again}: outcome`)
  notRepeated(replay, other, all, again)
}

function notRepeated(replay: Simulation, live: Simulation, crash: number, where: string): void {
  const recorded = new Set<string>()
  for (const completion of live.record.completions.slice(0, crash))
    if ('attempt' in completion) recorded.add(`run:${completion.key} attempt ${completion.attempt}`)
  const repeated = replay.calls.filter((call) => recorded.has(call))
  if (repeated.length > 0) throw new Error(`${where}: ${repeated.join(', ')} is recorded and ran again`)
  if (new Set(replay.calls).size < replay.calls.length)
    throw new Error(`${where}: one attempt ran twice: ${replay.calls.join(', ')}`)
}

/** Steps with a compensation that are recorded before the crash, and are not called after it. */
function recordedOf({ compensable, record }: Simulation, crash: number): string[] {
  const keys = record.completions.slice(0, crash).map(({ key }) => key)
  return keys.filter((key) => compensable.has(key))
}

/**
 * A run that failed has undone what it did, each step once, at each moment the last one that was not undone (a section that
 * what was left behind opens while it undoes may do more); one that completed, nothing.
 */
function checkUndone({ record, ended }: Simulation, compensable: ReadonlySet<string>, where: string): void {
  /** Done and not undone, with the place in the journal. */
  const standing: { readonly key: string; readonly at: number }[] = []
  const failed: string[] = []
  let last = 0
  for (const [at, one] of record.completions.entries()) {
    if (one.key === '!compensate') last = at
    if (one.kind !== 'step-done' && one.kind !== 'step-failed') continue
    if (one.key.endsWith('!compensate')) {
      if (one.kind === 'step-failed' && one.retryAt !== undefined) continue
      const key = one.key.replace(/!compensate$/, '')
      const place = standing.findIndex((done) => done.key === key)
      // What came after the one before had been undone may have come after this one had begun to be.
      if (place < 0 || standing.slice(place + 1).some((later) => later.at <= last))
        throw new Error(`${where}: undid ${key} when [${standing.map((done) => done.key).join()}] was done`)
      standing.splice(place, 1)
      if (one.kind === 'step-failed') failed.push(key)
      last = at
    } else if (one.kind === 'step-done' && compensable.has(one.key)) standing.push({ key: one.key, at })
  }
  const begun = record.completions.some(({ key }) => key === '!compensate')
  if (ended.status === 'completed' ? begun : standing.length > 0)
    throw new Error(`${where}: ${ended.status}, and left [${standing.map((done) => done.key).join()}]`)
  const error = ended.status === 'failed' ? ended.error : undefined
  const told = error instanceof CompensationError ? error.failures.map(({ key }) => key) : []
  if (String(told) !== String(failed))
    throw new Error(`${where}: could not undo [${failed.join()}], and tells of [${told.join()}]`)
}

/** After each entry the program has seen as much, and the run waits for the same. */
function sameStandings(replay: Simulation, live: Simulation, upTo: number, where: string): void {
  for (const [delivered, standing] of live.standings) {
    const replayed = replay.standings.get(delivered)
    if (delivered > upTo || replayed === undefined) continue
    if (JSON.stringify(standing) !== JSON.stringify(replayed))
      throw new Error(
        `${where}: after entry ${delivered} ${JSON.stringify(replayed)}, live it was ${JSON.stringify(standing)}`,
      )
  }
}

function same(replayed: readonly Seen[], lived: readonly Seen[], where: string): void {
  const length = Math.max(replayed.length, lived.length)
  for (let index = 0; index < length; index++)
    sameOne(replayed[index], lived[index], `${where}: sight ${index}`)
}

function sameOne(replayed: Seen | undefined, lived: Seen | undefined, where: string): void {
  if (replayed !== lived) throw new Error(`${where} differs\n  live:   ${lived}\n  replay: ${replayed}`)
}

function after(where: string, live: Simulation): (error: unknown) => never {
  return (error) => {
    const journal = live.record.completions.map(({ kind, key }) => `${kind} ${key}`).join(', ')
    throw new Error(`${where} failed: ${(error as Error).message}\n  journal: ${journal}`, { cause: error })
  }
}

function chance(
  { cancelAt, abortAt }: Fate,
  choices: readonly number[],
): (outside: AbortController) => Director {
  return (outside) => {
    const cancellation = codec.encodeError(new RangeError('stop it'))
    const random = new RandomDirector({ choose: choosing(choices), cancellation, cancelAt })
    return {
      handOver: (available) => random.handOver(available),
      async direct(stage: Stage) {
        if (abortAt !== undefined && stage.journal.length >= abortAt)
          outside.abort(new RangeError('from outside'))
        await random.direct(stage)
      },
    }
  }
}

function choosing(choices: readonly number[]): (count: number) => number {
  let next = 0
  return (count) => (choices[next++] ?? 0) % count
}

function rotated(choices: readonly number[], by: number): readonly number[] {
  if (choices.length === 0) return choices
  const at = (by * 7) % choices.length
  return [...choices.slice(at), ...choices.slice(0, at)]
}
