import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { pooled, sum } from '../../contender.ts'
import type { DurableContender } from '../../contender.ts'
import { countIn } from './support/count.ts'

const ATTEMPTS = 'refuses a run of more than 1,000 step attempts'
/** `result()` of OpenWorkflow asks once a second; asking more often measures the engine instead of that. */
const POLL_MS = 5

export const contender: DurableContender = {
  name: 'OpenWorkflow',
  kind: 'peer',
  package: 'openworkflow',
  durability: 'default: node:sqlite, WAL, synchronous=FULL',
  scenarios: { B: 'comparable', C: 'comparable', D: 'comparable' },
  refuses: { A: ATTEMPTS },
  reduced: { D: 998 },
  open: async ({ directory, task, resuming }) => {
    const { OpenWorkflow } = await import('openworkflow')
    const { BackendSqlite } = await import('openworkflow/sqlite')
    const file = join(directory, 'openworkflow.db')
    if (resuming) expireLease(file)
    const backend = BackendSqlite.connect(file)
    const ow = new OpenWorkflow({ backend })
    const sequence = ow.defineWorkflow<{ steps: number }, number>(
      { name: 'sequence' },
      async ({ input, step }) => {
        let total = 0
        for (let index = 0; index < input.steps; index++)
          total += await step.run({ name: `step-${index}` }, () => task(index))
        return total
      },
    )
    const fanOut = ow.defineWorkflow<{ steps: number; concurrency: number }, number>(
      { name: 'fan-out' },
      async ({ input: { steps, concurrency }, step }) =>
        sum(
          await pooled(steps, (index) => step.run({ name: `step-${index}` }, () => task(index)), concurrency),
        ),
    )
    const outputOf = async (workflowRunId: string): Promise<number> => {
      for (;;) {
        const run = await backend.getWorkflowRun({ workflowRunId })
        if (run?.status === 'completed') return Number(run.output)
        if (run?.status === 'failed' || run?.status === 'canceled') throw new Error(JSON.stringify(run.error))
        await sleep(POLL_MS)
      }
    }
    const worker = ow.newWorker({ concurrency: 50 })
    await worker.start()
    return {
      sequence: async (steps) => outputOf((await sequence.run({ steps })).workflowRun.id),
      fanOut: async (steps, concurrency) =>
        outputOf((await fanOut.run({ steps, concurrency })).workflowRun.id),
      resume: async (steps) => {
        const { data } = await backend.listWorkflowRuns({ limit: 10 })
        const crashed = data.find(({ input }) => (input as { steps?: number } | null)?.steps === steps)
        if (crashed === undefined) throw new Error('the run of the killed process is not in the database')
        return outputOf(crashed.id)
      },
      recorded: async () => countIn(file, "select count(*) from step_attempts where status = 'completed'"),
      close: async () => {
        await worker.stop()
        await backend.stop()
      },
    }
  },
}

/** A dead worker's lease lasts 30 s. */
function expireLease(file: string): void {
  const database = new DatabaseSync(file)
  database.exec(`update workflow_runs set available_at = '2020-01-01T00:00:00.000Z' where status = 'running'`)
  database.close()
}
