/** Executes a workflow without any SDK, and says whether the OpenTelemetry API was loaded: `node unobserved.ts <what to import first>`. */
import { createRequire } from 'node:module'
import { createEngine, memoryStore, parallel, step, workflow } from '../../../src/index.ts'

const [, , first] = process.argv
if (first !== undefined) await import(first)
const engine = createEngine({ store: memoryStore() })
const flow = workflow({ name: 'flow', execute: async () => await parallel([step('a', () => 1)]) })
const result = await flow.run(undefined, { engine })
await engine.stop()
const loaded = Object.keys(createRequire(import.meta.url).cache).some((path) =>
  path.includes('@opentelemetry'),
)
process.stdout.write(JSON.stringify({ result, loaded }))
