/** What is wrong with a round, and what it came to in numbers. */
import { readLogs } from '../log.ts'
import type { Call, NotedLine, Progress } from './notes.ts'
import type { Victim } from './plan.ts'
import type { RecordedAttempt } from './records.ts'
import type { Played } from './round.ts'

/** Of Restate's times, in nanoseconds. */
const PRECISION = 100_000_000n

export interface Figures {
  roots: number
  /** Children included. */
  runs: number
  /** Calls of the code of a run beyond the first: replays. */
  replays: number
  /** Attempts of steps whose outcome is in Restate's journal. */
  recorded: number
  /** Calls of step functions. */
  calls: number
  /** Calls of an attempt beyond its first: the one before was not recorded. */
  repeats: number
  /** Those that no kill explains. */
  unexplained: number
  /** Calls of what had just been recorded, by an execution that had begun before. */
  late: number
  seconds: number
  /** By whom it hit: how long nothing whatever went on afterwards, in milliseconds. */
  gaps: { readonly victim: Victim; readonly gap: number }[]
}

export interface Findings {
  readonly problems: readonly string[]
  readonly figures: Figures
}

/** @param dir with the notes of service processes */
export function check(dir: string, played: Played, recorded: readonly RecordedAttempt[]): Findings {
  const lines = readLogs<NotedLine>(dir).filter(({ run }) => run.startsWith(played.prefix))
  const problems = [...played.problems]
  const begun = lines.filter((line): line is Call => line.what === 'begin')
  const executions = lines.filter((line): line is Progress => line.what === 'execute')
  const runs = new Set(executions.map(({ run }) => run)).size
  const figures: Figures = {
    roots: played.roots,
    runs,
    replays: executions.length - runs,
    recorded: recorded.length,
    calls: begun.length,
    repeats: 0,
    unexplained: 0,
    late: 0,
    seconds: Number(played.ended - played.begun) / 1e9,
    gaps: gapsIn(lines, played),
  }
  const executed = Map.groupBy(executions, ({ run }) => run)
  const known = new Map(recorded.map((one) => [idOf(one), one]))
  if (known.size !== recorded.length) problems.push('an attempt is recorded twice')
  const calls = Map.groupBy(begun, idOf)
  for (const [id, one] of known)
    if (!calls.has(id))
      problems.push(`${one.run}: ${one.key}, attempt ${one.attempt}, is recorded, and was never called`)
  for (const [id, own] of calls) {
    const record = known.get(id)
    for (const [index, call] of own.entries()) {
      const before = own[index - 1]
      if (before !== undefined) {
        figures.repeats++
        if (!played.blows.some(({ at, whole }) => whole >= before.at && at <= call.at)) figures.unexplained++
      }
      if (record === undefined || call.at <= record.ended) continue
      const execution = executed.get(call.run)?.find(({ pid, n }) => pid === call.pid && n === call.n)
      if (execution !== undefined && execution.at <= record.appended + PRECISION) figures.late++
      else
        problems.push(
          `${call.run}: ${call.key}, attempt ${call.attempt}, was called ${since(record.appended, call.at)} ms after it was recorded, by an execution that began ${since(record.appended, execution?.at)} ms after`,
        )
    }
  }
  return { problems, figures }
}

/** Milliseconds. */
function since(from: bigint, to: bigint | undefined): number | undefined {
  return to === undefined ? undefined : Number(to - from) / 1e6
}

function idOf({ run, key, attempt }: Pick<Call, 'run' | 'key' | 'attempt'>): string {
  return `${run} ${key} ${attempt}`
}

/** The longest time without any line, from each blow to the next. */
function gapsIn(lines: readonly NotedLine[], { blows, ended }: Played): Figures['gaps'] {
  return blows.map(({ victim, at }, index) => {
    const end = blows[index + 1]?.at ?? ended
    const moments = [at, ...lines.filter((line) => line.at > at && line.at < end).map((line) => line.at)]
    const gaps = moments.slice(1).map((moment, place) => Number(moment - (moments[place] ?? moment)) / 1e6)
    return { victim, gap: Math.max(0, ...gaps) }
  })
}
