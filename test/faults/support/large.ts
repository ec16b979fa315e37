/** A process of its own, because of its memory: results, inputs and errors of very many megabytes. `node large.ts <dir> <MB>` */
import { createEngine, step, workflow } from '../../../src/index.ts'

const [, , dir = '', megabytes = '1'] = process.argv
const size = Number(megabytes) * 1_000_000

const flow = workflow({
  name: 'large',
  execute: async () => {
    const result = await step('result', () => 'r'.repeat(size))
    const thrown = await step('throws', () => Promise.reject(new Error('e'.repeat(10_000_000)))).catch(
      (error: Error & { cause: Error }) => [error.message.length, error.cause.message.length],
    )
    return { result: [result.length, result.at(-1)], thrown }
  },
})

const engine = createEngine({ dir, durability: 'process-crash' })
const run = await flow.start({}, { id: 'large', engine })
process.stdout.write(`${JSON.stringify(await run.result())}\n`)
await engine.stop()
