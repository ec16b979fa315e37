/** `node service.ts <directory>`: a process that executes runs for Restate, until it is killed. Tells its parent its port. */
import { serve } from '../../../src/restate/index.ts'
import { torture } from '../perform.ts'
import { Journal } from './notes.ts'

const journal = new Journal(process.argv[2] ?? '')
const { port } = await serve({
  workflows: [
    torture(
      () => journal,
      () => undefined,
    ),
  ],
  host: '127.0.0.1',
  port: 0,
  log: { debug() {}, info() {}, warn: complain, error: complain },
})
process.once('disconnect', () => process.exit())
process.send?.({ port })

function complain(message: string, fields?: object): void {
  if (!message.startsWith('Accepting requests without')) console.error(message, JSON.stringify(fields ?? {}))
}
