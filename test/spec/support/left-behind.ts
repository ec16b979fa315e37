/** A process of its own that does not stop its engine: what a step leaves behind must neither hold it nor end it. */
import { setTimeout as wait } from 'node:timers/promises'
import { createEngine, memoryStore, race, step, workflow } from '../../../src/index.ts'

const nothing = (): void => undefined
const log = { debug: nothing, info: nothing, warn: nothing, error: nothing }
const engine = createEngine({ store: memoryStore(), abortGrace: '1h', log })
const began = Promise.withResolvers<void>()
const flow = workflow({
  name: 'left-behind',
  execute: () =>
    race([
      step('deaf', ({ signal }) => {
        began.resolve()
        // What fetch(url, { signal }) does that nobody awaits.
        signal.addEventListener('abort', () => void wait(50).then(() => Promise.reject(new Error('stray'))))
        return new Promise(() => undefined)
      }),
      step('quick', () => began.promise),
    ]),
})
await flow.run(undefined, { engine })
process.stdout.write('done\n')
