import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pooled, sum } from '../../contender.ts'
import type { DurableContender } from '../../contender.ts'
import { countIn } from './support/count.ts'

const TIMEOUT_MS = 900_000

export const contender: DurableContender = {
  name: 'durably',
  kind: 'peer',
  package: '@coji/durably',
  durability:
    'the local database its guide recommends, libSQL; rollback journal, synchronous=FULL (defaults)',
  scenarios: { A: 'comparable', B: 'comparable', C: 'comparable', D: 'comparable' },
  open: async ({ directory, task, resuming }) => {
    const { createDurably, defineJob } = await import('@coji/durably')
    const { LibsqlDialect } = await import('@libsql/kysely-libsql')
    const { z } = await import('zod')
    const file = join(directory, 'durably.db')
    if (resuming) expireLease(file)
    const total = z.object({ total: z.number() })
    const sequence = defineJob({
      name: 'sequence',
      input: z.object({ steps: z.number() }),
      output: total,
      run: async (step, { steps }) => {
        let total = 0
        for (let index = 0; index < steps; index++)
          total += await step.run(`step-${index}`, () => task(index))
        return { total }
      },
    })
    const fanOut = defineJob({
      name: 'fan-out',
      input: z.object({ steps: z.number(), concurrency: z.number() }),
      output: total,
      run: async (step, { steps, concurrency }) => {
        const call = (index: number): Promise<number> => step.run(`step-${index}`, () => task(index))
        return { total: sum(await pooled(steps, call, concurrency)) }
      },
    })
    const dialect = new LibsqlDialect({ url: `file:${file}` })
    // 50 runs at once are what scenario C asks for; the records of finished steps are kept, as everybody else keeps them.
    const jobs = { sequence, fanOut }
    const durably = createDurably({ dialect, maxConcurrentRuns: 50, preserveSteps: true, jobs })
    const resumed = new Promise<number>((resolve) => {
      durably.on('run:complete', ({ output }) => resolve((output as { total: number }).total))
    })
    await durably.init()
    const wait = { timeout: TIMEOUT_MS }
    return {
      sequence: async (steps) => (await durably.jobs.sequence.triggerAndWait({ steps }, wait)).output.total,
      fanOut: async (steps, concurrency) =>
        (await durably.jobs.fanOut.triggerAndWait({ steps, concurrency }, wait)).output.total,
      recorded: async () => countIn(file, "select count(*) from durably_steps where status = 'completed'"),
      resume: () => resumed,
      close: () => durably.stop(),
    }
  },
}

/** A dead process's lease lasts 30 s. */
function expireLease(file: string): void {
  const database = new DatabaseSync(file)
  database.exec(
    `update durably_runs set lease_expires_at = '2020-01-01T00:00:00.000Z' where status = 'leased'`,
  )
  database.close()
}
