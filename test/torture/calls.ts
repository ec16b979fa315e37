/** How often the functions of steps were called, and why more than once (R1). */
import type { Counts, Examined, Say } from './check.ts'
import type { Call, Executing, LogLine } from './log.ts'
import type { Entry } from './model.ts'

interface CallsToCheck {
  readonly lines: readonly LogLine[]
  readonly executions: readonly Executing[]
  readonly runs: ReadonlyMap<string, Examined>
  /** When each process died. */
  readonly deaths: ReadonlyMap<number, bigint>
  /** Processes that live may lose their runs. */
  readonly shortLease: boolean
  readonly say: Say
  readonly counts: Counts
}

export function checkCalls(all: CallsToCheck): void {
  const { lines, executions, runs, shortLease, say } = all
  const begun = lines.filter((line): line is Call => line.what === 'begin')
  const ended = new Set(lines.filter((line): line is Call => line.what === 'effect').map(callId))
  const executing = new Map(executions.map((line) => [`${line.pid} ${line.n}`, line]))
  for (const own of Map.groupBy(begun, ({ run, key }) => `${run}:${key}`).values()) {
    const [{ run, key } = { run: '', key: '' }] = own
    const examined = runs.get(run)
    if (examined === undefined) {
      say(run, `${key} was called, and there is no such run`)
      continue
    }
    const outcomes = outcomesOf(examined.journal, key)
    const timely: Call[] = []
    const late: Call[] = []
    for (const call of own) {
      const execution = executing.get(`${call.pid} ${call.n}`)
      const isLate = shortLease && execution !== undefined && hadLost(execution, call)
      ;(isLate ? late : timely).push(call)
      const problem = isLate ? undefined : whyNot(call, examined, outcomes, execution)
      if (problem !== undefined) say(run, `${key}, attempt ${call.attempt} in ${call.pid}, ${problem}`)
    }
    count({ ...all, own: timely, late, outcomes, ended, examined })
  }
}

/**
 * A process that was stopped and goes on does, until it looks, what it had begun: a retry that was due, or the execution of
 * a run that it had claimed just before. Of the latter the log shows the epoch of whoever has the run by then, or nobody.
 */
function hadLost(execution: Executing, call: Call): boolean {
  return call.epoch > execution.epoch || execution.owner === null
}

function callId({ pid, n, key, attempt }: Call): string {
  return `${pid} ${n} ${attempt} ${key}`
}

function outcomesOf(journal: readonly Entry[], key: string): readonly Entry[] {
  return journal.filter((entry) => entry.key === key && entry.kind.startsWith('step-'))
}

/** Why this call ought not to have been made. */
function whyNot(
  { key, seq, attempt, epoch }: Call,
  { verdict }: Examined,
  outcomes: readonly Entry[],
  execution: Executing | undefined,
): string | undefined {
  const recorded = outcomes.find(
    (entry) => entry.seq <= seq && (entry.retry_at === null || (entry.attempt ?? 0) >= attempt),
  )
  if (recorded !== undefined) return `was called when entry ${recorded.seq} had recorded its outcome`
  if (execution === undefined) return 'was called by no execution'
  if (epoch !== execution.epoch) return `was called under epoch ${execution.epoch} when ${epoch} had begun`
  const opened = verdict.opened.get(key)
  if (opened === undefined) return 'was called, and the program never asked for it'
  if (opened > seq) return `was called before entry ${opened}, which it follows from, was on disk`
  const givenUp = verdict.givenUp.get(key)
  return givenUp !== undefined && givenUp <= execution.seq
    ? `was called by an execution that began when entry ${givenUp} had made it superfluous`
    : undefined
}

interface OneStep extends CallsToCheck {
  /** In order of time. */
  readonly own: readonly Call[]
  /** Calls that a process made when it had lost the run already. */
  readonly late: readonly Call[]
  readonly outcomes: readonly Entry[]
  readonly ended: ReadonlySet<string>
  readonly examined: Examined
}

/** Every call but those that were recorded, or given up, died with its process before the next was made. */
function count({ own, late, outcomes, ended, examined, deaths, shortLease, say, counts }: OneStep): void {
  const { row, verdict } = examined
  const attempts = new Set(outcomes.map(({ attempt }) => attempt))
  let extra = late.filter((call) => ended.has(callId(call))).length
  counts.calls += late.length
  counts.fenced += late.length
  for (const [index, call] of own.entries()) {
    const { run, key, attempt, pid, n } = call
    counts.calls++
    const last = !own.some((other, place) => place > index && other.attempt === attempt)
    if (last && attempts.has(attempt)) {
      counts.recorded++
      continue
    }
    const next = own[index + 1]
    const died = deaths.get(pid)
    if (died !== undefined && (next === undefined || died <= next.at)) {
      if (ended.has(callId(call))) extra++
      if (ended.has(callId(call))) counts.unrecorded++
      else counts.cutOff++
    } else if (next !== undefined && shortLease && (next.pid !== pid || next.n !== n)) {
      if (ended.has(callId(call))) extra++
      counts.fenced++
    } else if (next !== undefined)
      say(run, `${key}, attempt ${attempt} in ${pid}, which lived, was followed by a call in ${next.pid}`)
    else if (verdict.givenUp.has(key) || row.status !== 'completed') counts.givenUp++
    else say(run, `${key}, attempt ${attempt} in ${pid}, has no outcome`)
  }
  counts.extraEffects[extra] = (counts.extraEffects[extra] ?? 0) + 1
}
