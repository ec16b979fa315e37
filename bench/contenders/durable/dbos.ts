import { CRASHED, pooled, sum } from '../../contender.ts'
import type { DurableContender } from '../../contender.ts'

export const contender: DurableContender = {
  name: 'DBOS',
  kind: 'peer',
  package: '@dbos-inc/dbos-sdk',
  durability: 'PostgreSQL with its defaults: fsync=on, synchronous_commit=on',
  scenarios: { A: 'comparable', B: 'comparable', C: 'comparable', D: 'comparable' },
  server: 'postgres',
  open: async ({ url, task }) => {
    const { default: pg } = await import('pg')
    const { DBOS } = await import('@dbos-inc/dbos-sdk')
    const step = (index: number): Promise<number> =>
      DBOS.runStep(() => task(index), { name: `step-${index}` })
    const sequence = DBOS.registerWorkflow(
      async (steps: number) => {
        let total = 0
        for (let index = 0; index < steps; index++) total += await step(index)
        return total
      },
      { name: 'sequence' },
    )
    const fanOut = DBOS.registerWorkflow(
      async (steps: number, concurrency: number) => sum(await pooled(steps, step, concurrency)),
      { name: 'fan-out' },
    )
    DBOS.setConfig({ name: 'bench', systemDatabaseUrl: url, logLevel: 'error', runAdminServer: false })
    await DBOS.launch()
    return {
      sequence: async (steps, workflowID) =>
        (await DBOS.startWorkflow(sequence, { workflowID })(steps)).getResult(),
      fanOut: async (steps, concurrency, workflowID) =>
        (await DBOS.startWorkflow(fanOut, { workflowID })(steps, concurrency)).getResult(),
      // launch() has begun to recover what was left unfinished.
      resume: () => DBOS.retrieveWorkflow<number>(CRASHED).getResult(),
      recorded: async () => {
        const client = new pg.Client(url)
        await client.connect()
        const { rows } = await client.query<{ n: string }>('select count(*) as n from dbos.operation_outputs')
        await client.end()
        return Number(rows[0]?.n)
      },
      close: () => DBOS.shutdown(),
    }
  },
}
