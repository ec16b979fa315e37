/**
 * A run that fails after it has done eight things, and undoes them: `node saga.ts <directory> <file for marks> <run id>`.
 * Each step and each compensation leaves a mark the moment it begins.
 */
import { appendFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { createEngine, type Operation, parallel, step, workflow } from '../../../src/index.ts'

const [, , dir = '', marks = '', id = ''] = process.argv

async function begun(what: string, { idempotencyKey, attempt }: Begun): Promise<void> {
  const line = `${idempotencyKey} ${attempt} ${process.pid}\n`
  appendFileSync(marks, line)
  process.stdout.write(line)
  await pause(what.length % 3)
}

interface Begun {
  readonly idempotencyKey: string
  readonly attempt: number
}

const book = (name: string): Operation<string> =>
  step(
    name,
    async (context) => {
      await begun(name, context)
      return name
    },
    { compensate: (result, context) => begun(result, context) },
  )

const trip = workflow({
  name: 'trip',
  execute: async () => {
    await book('passport')
    await parallel([
      book('flight'),
      async () => {
        await book('hotel')
        await parallel({ dinner: book('dinner'), tour: () => book('tour') })
      },
      book('car'),
    ])
    await Promise.all([book('cat sitter'), book('insurance')])
    await step('pay', () => {
      throw new Error('no money')
    })
  },
})

const engine = createEngine({ dir })
const run = await trip.start(undefined, { id, engine })
const ended = await run.result().catch((error: unknown) => (error as Error).message)
await engine.stop()
process.stdout.write(`result ${String(ended)}\n`)
