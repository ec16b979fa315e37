/** Runs `everything` to its end, or until somebody kills it: `node program.ts <directory> <file for marks> <run id>`. */
import { createEngine } from '../../../src/index.ts'
import { everything } from './everything.ts'

const [, , dir = '', marks = '', id = ''] = process.argv
const engine = createEngine({ dir })
const run = await everything(marks).start(4, { id, engine })
await run.signal('go', 'went')
const result = await run.result()
await engine.stop()
process.stdout.write(`result ${JSON.stringify(result)}\n`)
