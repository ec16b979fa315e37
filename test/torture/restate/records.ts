/** What Restate has recorded of steps, read from its tables. */
import { setTimeout as pause } from 'node:timers/promises'
import { post } from '../../restate/support/admin.ts'

/** The outcome of one attempt. */
export interface RecordedAttempt {
  readonly run: string
  readonly key: string
  readonly attempt: number
  /** When the function had ended, by the clock of its process: nanoseconds since the epoch. */
  readonly ended: bigint
  /** When the record was appended, by Restate's clock, which was seen to be some milliseconds behind. */
  readonly appended: bigint
}

interface Row {
  readonly run: string
  readonly entry_json: string
  readonly appended_at: string
}

/** One of those that a turn recorded. */
interface Happened {
  readonly kind: string
  readonly key: string
  readonly attempt: number
  readonly at: number
}

/** @param runs how the ids of the runs begin, children included */
export async function recordedAttempts(admin: string, runs: string): Promise<RecordedAttempt[]> {
  const query = `SELECT runs.target_service_key AS run, entries.entry_json, entries.appended_at
    FROM sys_journal entries JOIN sys_invocation runs ON runs.id = entries.id
    WHERE runs.target_handler_name = 'run' AND runs.target_service_key LIKE '${runs}%'
      AND entries.entry_type = 'Notification: Run'`
  const { rows } = (await ask(admin, query)) as { rows: Row[] }
  return rows.flatMap(({ run, entry_json, appended_at }) => {
    const appended = nanoseconds(Date.parse(appended_at))
    return happenedIn(entry_json)
      .filter(({ kind }) => kind === 'step-done' || kind === 'step-failed')
      .map(({ key, attempt, at }) => ({ run, key, attempt, ended: nanoseconds(at), appended }))
  })
}

const TRIES = 100
const PAUSE = 200

/** A partition that moves to another node cannot be read for a moment, and Restate says so. */
async function ask(admin: string, query: string): Promise<unknown> {
  for (let tries = 0; ; tries++)
    try {
      return await post(`${admin}/query`, { query })
    } catch (error) {
      if (tries >= TRIES || !String(error).includes('Datafusion')) throw error
      await pause(PAUSE)
    }
}

function nanoseconds(milliseconds: number): bigint {
  return BigInt(milliseconds) * 1_000_000n
}

/** A turn's value is a JSON text, which the table shows as an array of its bytes. */
function happenedIn(entry: string): readonly Happened[] {
  const [, bytes] = /"Success":\[([\d,]*)\]/.exec(entry) ?? []
  if (bytes === undefined) return []
  const value: unknown = JSON.parse(Buffer.from(bytes.split(',').map(Number)).toString())
  return Array.isArray(value) ? (value as Happened[]) : []
}

/** Runs that have not ended, and how they stand. */
export async function openRuns(admin: string, runs: string): Promise<string[]> {
  const query = `SELECT target_service_key AS run, status, last_failure FROM sys_invocation
    WHERE target_handler_name = 'run' AND target_service_key LIKE '${runs}%' AND status <> 'completed'`
  const { rows } = (await ask(admin, query)) as {
    rows: { run: string; status: string; last_failure: string | null }[]
  }
  return rows.map(({ run, status, last_failure }) => `${run} is ${status}: ${last_failure}`)
}
