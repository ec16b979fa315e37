/** A process of its own that executes one run at a time of some workflows of a family, until it is killed. */
import { appendFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { createEngine, type Operation, parallel, race, step, workflow } from '../../../src/index.ts'

const [dir = '', books = '', ...names] = process.argv.slice(2)
const write = (line: string): void => appendFileSync(books, `${line}\n`)

const grandchild = workflow({
  name: 'grandchild',
  execute: async () => {
    try {
      await race(
        [
          parallel([
            async () =>
              await step('deep', async ({ signal }) => {
                write('deep begins')
                const aborted = Promise.withResolvers<void>()
                signal.addEventListener('abort', () => aborted.resolve())
                const turn = setInterval(() => undefined, 1000)
                await aborted.promise
                clearInterval(turn)
                const reason = signal.reason as { kind: string }
                write(`deep is told ${reason.kind}`)
                await wait(100)
                write('deep has stopped')
              }),
          ]),
        ],
        { waitForCancelled: true },
      )
    } finally {
      write(`grandchild ends in ${names.join()}`)
    }
  },
})
/** So that its process is never at rest, and has no room for the run below. */
const busy = (): Operation<void> =>
  step(
    'busy',
    ({ signal }) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
  )

const child = workflow({
  name: 'child',
  execute: async (ctx) =>
    await parallel([() => ctx.invoke(grandchild, {}), busy()], { waitForCancelled: true }),
})
const parent = workflow({
  name: 'parent',
  execute: async (ctx) => {
    try {
      await parallel([parallel([ctx.invoke(child, {}), busy()])], { waitForCancelled: true })
    } finally {
      write('parent goes on')
    }
  },
})
const all = { parent, child, grandchild }

const engine = createEngine({ dir, lease: 2000, heartbeat: 200 })
await engine.work(
  names.map((name) => all[name as keyof typeof all]),
  { concurrency: 1 },
)
process.stdout.write('works\n')
