import type { SqliteClient } from '@mastra/libsql'
import { join } from 'node:path'
import { CRASHED, sum } from '../../contender.ts'
import type { DurableContender } from '../../contender.ts'
import { countIn } from './support/count.ts'

const SUCCEEDED_STEPS = `select count(*) from mastra_workflow_snapshot, json_each(snapshot, '$.context') step
  where step.key <> 'input' and step.value ->> '$.status' = 'success'`

export const contender: DurableContender = {
  name: 'Mastra',
  kind: 'peer',
  package: '@mastra/core',
  durability:
    'LibSQLStore, WAL; it sets synchronous=NORMAL, the benchmark sets FULL on its connection; the whole run is written again after every step',
  scenarios: {
    A: 'keeps no record per item of a foreach while it runs: what is done when the process dies is done again',
    B: 'comparable',
    C: 'comparable',
    D: 'comparable',
  },
  open: async ({ directory, task, lengths }) => {
    const { Mastra } = await import('@mastra/core')
    const { createStep, createWorkflow } = await import('@mastra/core/workflows')
    const { LibSQLStore } = await import('@mastra/libsql')
    const { createClient } = await import('@libsql/client')
    const { z } = await import('zod')
    const number = z.number()
    const schemas = { inputSchema: number, outputSchema: number }
    /** A sequence is declared step by step; what is handed on is the sum so far. */
    const sequenceOf = (steps: number) => {
      let flow = createWorkflow({ id: `sequence-${steps}`, ...schemas })
      for (let index = 0; index < steps; index++) {
        const execute = async ({ inputData }: { inputData: number }) => inputData + (await task(index))
        flow = flow.then(createStep({ id: `step-${index}`, ...schemas, execute })) as typeof flow
      }
      return flow.commit()
    }
    const list = z.array(number)
    const item = createStep({ id: 'item', ...schemas, execute: ({ inputData }) => task(inputData) })
    const fanOutAt = (concurrency: number) =>
      createWorkflow({ id: `fan-out-${concurrency}`, inputSchema: list, outputSchema: list })
        .foreach(item, { concurrency })
        .commit()

    const file = join(directory, 'mastra.db')
    const client = createClient({ url: `file:${file}` })
    const storage = new LibSQLStore({ id: 'bench', client: client as SqliteClient })
    const sequences = new Map(lengths.map((steps) => [steps, sequenceOf(steps)]))
    const fanOut = fanOutAt(100)
    const workflows = Object.fromEntries([fanOut, ...sequences.values()].map((flow) => [flow.id, flow]))
    const mastra = new Mastra({ storage, workflows, logger: false })
    await storage.init()
    await client.execute('pragma synchronous = full')

    const succeeded = (outcome: { status: string; result?: unknown }): unknown => {
      if (outcome.status !== 'success')
        throw new Error(`Mastra's run ended as ${JSON.stringify(outcome).slice(0, 300)}`)
      return outcome.result
    }
    const sequence = (steps: number, runId: string) => {
      const flow = sequences.get(steps)
      if (flow === undefined) throw new Error(`no sequence of ${steps} steps was declared`)
      return flow.createRun({ runId })
    }
    return {
      sequence: async (steps, id) =>
        Number(succeeded(await (await sequence(steps, id)).start({ inputData: 0 }))),
      fanOut: async (steps, _concurrency, runId) => {
        const run = await fanOut.createRun({ runId })
        const inputData = Array.from({ length: steps }, (_, index) => index)
        return sum(succeeded(await run.start({ inputData })) as number[])
      },
      resume: async (steps) => Number(succeeded(await (await sequence(steps, CRASHED)).restart())),
      recorded: async () => countIn(file, SUCCEEDED_STEPS),
      close: async () => {
        await mastra.shutdown()
        await storage.close()
      },
    }
  },
}
