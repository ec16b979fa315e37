import { CRASHED, sum } from '../../contender.ts'
import type { DurableContender } from '../../contender.ts'
import { keptPort, post } from './support/restate.ts'

const RECORDED = `select count(*) as n from sys_journal where entry_type = 'Notification: Run'`

/** The server calls this process over HTTP, and asks it again after a crash: at the same port. */
export const contender: DurableContender = {
  name: 'Restate',
  kind: 'peer',
  package: '@restatedev/restate-sdk',
  durability: 'one node with its defaults: RocksDB logs, write-ahead log synced before a step counts',
  scenarios: { A: 'comparable', B: 'comparable', C: 'comparable', D: 'comparable' },
  server: 'restate',
  open: async ({ directory, url, task }) => {
    const restate = await import('@restatedev/restate-sdk')
    const clients = await import('@restatedev/restate-sdk-clients')
    const bench = restate.service({
      name: 'bench',
      handlers: {
        sequence: async (ctx: import('@restatedev/restate-sdk').Context, steps: number) => {
          let total = 0
          for (let index = 0; index < steps; index++)
            total += await ctx.run(`step-${index}`, () => task(index))
          return total
        },
        fanOut: async (
          ctx: import('@restatedev/restate-sdk').Context,
          { steps, concurrency }: { steps: number; concurrency: number },
        ) => {
          // Its own combinator: promises of its context that plain functions await at once end in "awaitNext already pending".
          let total = 0
          for (let from = 0; from < steps; from += concurrency) {
            const batch = Array.from({ length: Math.min(concurrency, steps - from) }, (_, at) => from + at)
            const calls = batch.map((index) => ctx.run(`step-${index}`, () => task(index)))
            total += sum(await restate.RestatePromise.all(calls))
          }
          return total
        },
      },
    })
    const port = await keptPort(directory)
    const logger = (): void => undefined
    await restate.serve({ services: [bench], port, logger })
    const [ingress = '', admin = ''] = url.split(' ')
    await post(`${admin}/deployments`, { uri: `http://127.0.0.1:${port}`, force: true })

    const client = clients.connect({ url: ingress }).serviceClient(bench)
    const keyed = <I>(idempotencyKey: string) => clients.rpc.opts<I, number>({ idempotencyKey })
    return {
      sequence: async (steps, id) => client.sequence(steps, keyed(id)),
      fanOut: async (steps, concurrency, id) => client.fanOut({ steps, concurrency }, keyed(id)),
      // The same idempotency key: it waits for the invocation that the server repeats.
      resume: async (steps) => client.sequence(steps, keyed(CRASHED)),
      // It keeps the journals of completed invocations for a day.
      recorded: async () => {
        const { rows } = (await post(`${admin}/query`, { query: RECORDED })) as { rows: [{ n: number }] }
        return rows[0].n
      },
      close: () => undefined,
    }
  },
}
