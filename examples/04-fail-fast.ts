// The default: the first failure aborts the others, those that wait for a place never start, and it is thrown.
import { setTimeout as pause } from 'node:timers/promises'
import { parallel, step, StepError, workflow } from 'ai-workflows'

const printing = workflow({
  name: 'printing',
  execute: async () =>
    await parallel(
      [
        step('cover', async ({ signal }) => {
          signal.addEventListener('abort', () => console.log(`cover: ${signal.reason.message}`))
          await pause(60_000, undefined, { signal })
        }),
        step('pages', () => {
          throw new Error('no paper')
        }),
        step('binding', () => console.log('this is never printed')),
      ],
      { concurrency: 2 },
    ),
})

try {
  await printing.run({})
} catch (error) {
  if (error instanceof StepError) console.log(`${error.stepName} failed: ${(error.cause as Error).message}`)
}
