/** A process of its own, without a test runner's listener: what becomes of rejections that the user's code leaves alone. */
import { createEngine, memoryStore, step, workflow } from '../../../src/index.ts'

const logged: string[] = []
const noop = (): void => undefined
const engine = createEngine({
  store: memoryStore(),
  log: {
    debug: noop,
    info: noop,
    warn: noop,
    error: (_message, fields) => void logged.push(String(fields?.['error']).replace(/^Error: /, '')),
  },
})

async function helper(): Promise<void> {
  await step('of the helper', () => 1)
  throw new Error('of a helper')
}

const flow = workflow({
  name: 'floating',
  execute: async () => {
    void helper()
    void Promise.reject(new Error('of a plain promise'))
    void step('fine', () => 1).then(() => {
      throw new Error('of a then of an operation')
    })
    await step('later', () => new Promise((resolve) => setImmediate(resolve)))
    await step('and later', () => new Promise((resolve) => setImmediate(resolve)))
    return 'the run goes on'
  },
})

const result = await flow.run(undefined, { engine })
await engine.stop()
process.stdout.write(JSON.stringify({ result, logged: logged.toSorted((a, b) => a.localeCompare(b)) }))
