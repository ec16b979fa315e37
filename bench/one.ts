/** One measurement from outside: a fresh directory, a fresh server, a fresh process, and what they left on disk. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  closeSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
} from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import type { Answer, Job, Measured } from './job.ts'
import type { Participant } from './line-up.ts'
import type { ScenarioId, Sizes } from './scenarios.ts'
import { bytesIn } from './servers/process.ts'

export interface Request {
  readonly participant: Participant
  readonly scenario: ScenarioId
  readonly sizes: Sizes
  readonly warmUpOnly: boolean
}

export interface Outcome {
  readonly measured: Measured
  /** What the records take when the process has ended. */
  readonly bytes: number
  /** With the start of its server and everything before the measured part. */
  readonly tookMs: number
}

export interface Harness {
  readonly compiled: URL
  /** Where the directories of measurements are made: on the disk that is to be measured. */
  readonly directory: string
  readonly timeoutMs: number
  readonly prefix: readonly string[]
  readonly interrupted: AbortSignal
}

const SQLITE_HEADER = 'SQLite format 3\0'
/** For an event loop that does not turn, and cannot end the process itself. */
const TO_ANSWER_MS = 10_000
/** Peers that would report their use to their makers. */
const QUIET = {
  DO_NOT_TRACK: '1',
  SCARF_ANALYTICS: 'false',
  MASTRA_TELEMETRY_DISABLED: '1',
  NODE_NO_WARNINGS: '1',
}

/** @throws when it failed, did less than it should, or took too long; whoever measures shows that instead of a figure. */
export async function measureOnce(harness: Harness, request: Request): Promise<Outcome> {
  const { participant, scenario, sizes } = request
  const begun = performance.now()
  mkdirSync(harness.directory, { recursive: true })
  const home = mkdtempSync(join(harness.directory, 'run-'))
  const [own, served] = [join(home, 'own'), join(home, 'server')]
  for (const directory of [own, served]) mkdirSync(directory)
  chmodSync(home, 0o755) // a server may run as a user of its own
  try {
    const server = await participant.server?.start(served)
    try {
      const url = server?.url ?? ''
      const job = {
        file: participant.file,
        scenario,
        sizes,
        directory: own,
        url,
        timeoutMs: harness.timeoutMs,
      }
      const run = (phase: Job['phase']): Promise<Measured> =>
        measure(harness, { ...job, phase, answer: join(home, `${phase}.json`) })
      if (scenario === 'D') await killed(run('crash'))
      const measured = await run(scenario === 'D' ? 'resume' : request.warmUpOnly ? 'warm' : 'measure')
      const bytes = (server?.bytes() ?? 0) + databaseBytes(own)
      return { measured, bytes, tookMs: performance.now() - begun }
    } finally {
      await server?.stop()
    }
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}

class Killed extends Error {}

async function killed(run: Promise<Measured>): Promise<void> {
  await run.catch((error: unknown) => {
    if (!(error instanceof Killed)) throw new Error('the run to be killed failed', { cause: error })
  })
}

async function measure(harness: Harness, job: Job): Promise<Measured> {
  const script = fileURLToPath(new URL('measure.js', harness.compiled))
  const [program, ...args] = [...harness.prefix, process.execPath, script, JSON.stringify(job)]
  const child = spawn(program ?? process.execPath, args, {
    env: { ...process.env, ...QUIET },
    stdio: ['ignore', 'ignore', 'pipe'],
    signal: harness.interrupted,
    timeout: job.timeoutMs + TO_ANSWER_MS,
    killSignal: 'SIGTERM',
  })
  let printed = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (printed = (printed + chunk).slice(-1000)))
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  if (existsSync(job.answer)) {
    const answer = JSON.parse(readFileSync(job.answer, 'utf8')) as Answer
    if ('measured' in answer) return answer.measured
    throw new Error(answer.error)
  }
  if (child.killed && !harness.interrupted.aborted)
    throw new Error(`not done after ${(job.timeoutMs + TO_ANSWER_MS) / 1000} s`)
  // 137: what a shell, or whatever the prefix is, makes of a killed child.
  if (signal === 'SIGKILL' || code === 137) throw new Killed('the process was killed (SIGKILL)')
  throw new Error(`the process ended without an answer (${signal ?? code}): ${printed.trim()}`)
}

/** With what waits in write-ahead logs moved to where it belongs. */
function databaseBytes(directory: string): number {
  // All of them first: to close a database takes its log and its shared memory away.
  for (const file of globSync(join(directory, '**/*')).filter(isDatabase)) checkpoint(file)
  return bytesIn(directory)
}

function isDatabase(file: string): boolean {
  const buffer = Buffer.alloc(SQLITE_HEADER.length)
  const descriptor = openSync(file, 'r')
  try {
    return readSync(descriptor, buffer) === buffer.length && buffer.toString('latin1') === SQLITE_HEADER
  } catch {
    return false // a directory
  } finally {
    closeSync(descriptor)
  }
}

function checkpoint(file: string): void {
  const database = new DatabaseSync(file)
  database.exec('pragma wal_checkpoint(truncate)')
  database.close()
}
