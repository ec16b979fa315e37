/**
 * Audits the packages installed in a directory: their licences, sizes and duplicates.
 *
 *   npm start -- [directory] [--concurrency number] [--new]
 *
 * An audit that was cut off, however suddenly, is continued by the same command.
 */
import { randomUUID } from 'node:crypto'
import { constants } from 'node:os'
import { resolve } from 'node:path'
import { createEngine, RunBlockedError, StepError, WorkflowError } from 'ai-workflows'
import { readArguments, UsageError } from './arguments.ts'
import { auditWith } from './audit.ts'
import { endProgress, progressOf } from './progress.ts'
import { table } from './table.ts'
import { unfinishedAudit } from './unfinished.ts'

const given = process.argv.slice(2)
const engine = createEngine()
/** The exit code for it. */
let interrupted: number | undefined

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupt)
// Whoever read our lines has gone (`| head`): that ends the audit, and loses nothing.
process.stdout.once('error', () => process.exit(1))
try {
  await main()
} catch (error) {
  endProgress()
  process.exitCode = explain(error)
} finally {
  await engine.stop()
}

async function main(): Promise<void> {
  const { root, concurrency, fresh } = readArguments(given)
  const input = { root, report: resolve('report.json') }
  const audit = auditWith(concurrency)

  const earlier = fresh ? undefined : await unfinishedAudit(engine, input)
  const id = earlier?.id ?? `audit-${randomUUID().slice(0, 8)}`
  engine.on('*', progressOf(id, earlier !== undefined))
  if (earlier === undefined) console.log(`auditing the packages in ${root} (${id})`)
  else if (await engine.isRunning(earlier))
    console.log(`${id} is under way in another process: waiting for its result`)

  const run = earlier === undefined ? await audit.start(input, { id, engine }) : audit.get(id, { engine })
  if (earlier?.status === 'failed' || earlier?.status === 'blocked') await run.retry()
  const summary = await run.result()

  endProgress()
  console.log(`\n${table(summary)}\n\n${input.report}`)
}

/** Steps that are running may end and are recorded. A second signal does not wait for them. */
function interrupt(signal: NodeJS.Signals): void {
  interrupted = 128 + constants.signals[signal]
  process.once(signal, () => process.exit(interrupted))
  engine.stop().catch(() => undefined)
}

/** @returns the exit code */
function explain(error: unknown): number {
  if (interrupted !== undefined) {
    const again = given.filter((argument) => argument !== '--new')
    console.error(
      `\nstopped; nothing that was read is lost. To continue: npm start ${['--', ...again].join(' ')}`,
    )
    return interrupted
  }
  if (error instanceof UsageError) {
    console.error(error.message)
    return 2
  }
  if (error instanceof RunBlockedError) console.error(`${error.message}\nTo begin anew, add --new.`)
  else if (error instanceof StepError)
    console.error(`${error.message}\nWhat was read is kept: the same command goes on from there.`)
  else console.error(error instanceof WorkflowError ? error.message : error)
  return 1
}
