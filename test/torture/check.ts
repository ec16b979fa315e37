/** What is wrong with a round, and what it came to in numbers. */
import { isDeepStrictEqual } from 'node:util'
import { Books, type RunRow } from './books.ts'
import { checkCalls } from './calls.ts'
import { storedError, storedValue } from './describe.ts'
import { type Executing, readLogs, type Sight, type Told } from './log.ts'
import { type Entry, type Outcome, replay, type Verdict } from './model.ts'
import type { Block } from './program.ts'
import type { Played } from './round.ts'

/** Totals of one round, or of many. */
export interface Counts {
  runs: number
  completions: number
  deaths: number
  /** Executions of a run that another process had begun. */
  takeovers: number
  /** Things that user code saw or a client was told, each looked for in the file. */
  acknowledged: number
  /** Calls of step functions. */
  calls: number
  /** Calls that have an outcome in the journal. */
  recorded: number
  /** Calls without one, because the process was killed while the function ran … */
  cutOff: number
  /** … or after its effect, before the commit: the effects that happen more than once. */
  unrecorded: number
  /** Calls without one, because the process was silent for longer than its lease, and another took over. */
  fenced: number
  /** Processes stopped for longer than their lease. */
  pauses: number
  /** Calls without one, because nobody wanted it any more. */
  givenUp: number
  /** Steps by how often their effect happened beyond their recorded attempts. */
  extraEffects: number[]
}

export function noCounts(): Counts {
  return {
    runs: 0,
    completions: 0,
    deaths: 0,
    takeovers: 0,
    acknowledged: 0,
    calls: 0,
    recorded: 0,
    cutOff: 0,
    unrecorded: 0,
    fenced: 0,
    pauses: 0,
    givenUp: 0,
    extraEffects: [],
  }
}

/** A run with everything that is known of it. */
export interface Examined {
  readonly row: RunRow
  readonly journal: readonly Entry[]
  readonly verdict: Verdict
}

export interface Findings {
  readonly problems: readonly string[]
  readonly counts: Counts
}

/** Reads the round's file and its logs. */
export function check(played: Played): Findings {
  const books = new Books(played.dir)
  const problems = [...played.problems]
  const counts = noCounts()
  try {
    problems.push(...books.damage())
    const runs = new Map<string, Examined>()
    for (const row of books.runs()) {
      const journal = books.journal(row.no)
      const verdict = replay(storedValue(row.input) as Block, journal)
      runs.set(row.id, { row, journal, verdict })
    }
    const say = (run: string, what: string): void => void problems.push(`${run}: ${what}`)
    for (const { id, body } of played.roots)
      if (!isDeepStrictEqual(body, storedBody(runs.get(id)))) say(id, 'is not the run that was asked for')
    for (const run of runs.values()) {
      checkRun(run, say)
      checkFamily(run, runs, say)
      counts.runs++
      counts.completions += run.journal.length
    }
    checkInbox(books, played, say)
    checkLogs(played, runs, say, counts)
  } finally {
    books.close()
  }
  counts.deaths = played.deaths
  counts.pauses = played.pauses
  return { problems, counts }
}

export type Say = (run: string, what: string) => void

function storedBody(run: Examined | undefined): unknown {
  return run === undefined ? undefined : storedValue(run.row.input)
}

/** The journal is whole, and the run ended as it must with it. */
function checkRun({ row, journal, verdict }: Examined, say: Say): void {
  for (const problem of verdict.problems) say(row.id, problem)
  for (const [index, { seq }] of journal.entries())
    if (seq !== index + 1) say(row.id, `entry ${seq} of the journal is at place ${index + 1}`)
  const outcome = outcomeOf(row)
  if (!isDeepStrictEqual(outcome, verdict.outcome))
    say(row.id, `ended with ${show(outcome)}; by its journal it must with ${show(verdict.outcome)}`)
  if (row.owner !== null) say(row.id, `has ended and is owned by ${row.owner}`)
}

function outcomeOf({ status, output, error }: RunRow): Outcome | undefined {
  if (status === 'completed' && output !== null) return { status, value: storedValue(output) }
  if ((status === 'failed' || status === 'cancelled') && error !== null)
    return { status, error: storedError(error) }
  return undefined
}

/** A child is what its parent asked for, once, and its parent was told how it ended. */
function checkFamily({ row, journal }: Examined, runs: ReadonlyMap<string, Examined>, say: Say): void {
  if (row.parent !== null) {
    const parent = runs.get(row.parent)
    const asked = parent?.verdict.children.get(row.parent_key ?? '')
    if (row.id !== `${row.parent}/${row.parent_key}`) say(row.id, `is a child of ${row.parent}`)
    if (!isDeepStrictEqual(asked?.body, storedValue(row.input)))
      say(row.id, 'is not what its parent asked for')
  }
  for (const { kind, key, payload } of journal) {
    if (kind !== 'child-done' && kind !== 'child-failed') continue
    const child = runs.get(`${row.id}/${key}`)?.row
    const ending = kind === 'child-done' ? child?.output : child?.error
    if (ending !== payload) say(row.id, `was told that ${key} ended with ${payload}; it did with ${ending}`)
  }
}

/** What was accepted from outside is there. */
function checkInbox(books: Books, { accepted }: Played, say: Say): void {
  const there = new Set(books.inbox().map(({ id, kind, name }) => `${id} ${kind} ${name}`))
  for (const one of accepted) if (!there.has(one)) say(one, 'was accepted, and is lost')
}

function checkLogs(played: Played, runs: ReadonlyMap<string, Examined>, say: Say, counts: Counts): void {
  const lines = readLogs(played.dir)
  const executions = lines.filter((line) => line.what === 'execute')
  checkOwners(executions, played.shortLease, say, counts)
  checkSights(
    lines.filter((line) => line.what === 'saw'),
    runs,
    say,
    counts,
  )
  for (const line of lines) if (line.what === 'told') checkTold(line, runs, say, counts)
  const deaths = new Map(played.killed)
  for (const { what, pid, at } of lines) if (what === 'died') deaths.set(pid, at)
  checkCalls({ lines, executions, runs, deaths, shortLease: played.shortLease, say, counts })
}

/**
 * Epochs rise, and each has one owner, which executes the run once. A process that was stopped just before it looked may see
 * what its successor has.
 */
function checkOwners(executions: readonly Executing[], shortLease: boolean, say: Say, counts: Counts): void {
  for (const [run, own] of Map.groupBy(executions, (line) => line.run)) {
    let last: Executing | undefined
    for (const execution of own) {
      const { epoch, owner, pid } = execution
      if (last !== undefined && epoch <= last.epoch && !shortLease)
        say(run, `is executed by ${pid} under epoch ${epoch} after it was by ${last.pid} under ${last.epoch}`)
      if (owner === null && !shortLease) say(run, `is executed by ${pid}, and owned by nobody`)
      if (last !== undefined && last.pid !== pid) counts.takeovers++
      last = execution
    }
  }
}

/** What code saw is what the journal says, in its order, as far as the execution came. */
function checkSights(
  sights: readonly Sight[],
  runs: ReadonlyMap<string, Examined>,
  say: Say,
  counts: Counts,
): void {
  for (const own of Map.groupBy(sights, ({ pid, n }) => `${pid} ${n}`).values()) {
    for (const [index, { run, path, value, pid }] of own.entries()) {
      const expected = runs.get(run)?.verdict.seen[index]
      counts.acknowledged++
      if (expected?.path !== path || !isDeepStrictEqual(expected.value, value))
        say(run, `process ${pid} saw ${show({ path, value })} where the journal says ${show(expected)}`)
    }
  }
}

function checkTold(
  { run, outcome, pid }: Told,
  runs: ReadonlyMap<string, Examined>,
  say: Say,
  counts: Counts,
): void {
  counts.acknowledged++
  const recorded = runs.get(run)
  const there = recorded === undefined ? undefined : outcomeOf(recorded.row)
  if (!isDeepStrictEqual(there, outcome))
    say(run, `process ${pid} was told ${show(outcome)}, and the file says ${show(there)}`)
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? 'nothing'
}
