// Cancelling a run aborts the signals of its steps, so that they can stop at once and clean up.
import { setTimeout as pause } from 'node:timers/promises'
import { CancelledError, step, workflow } from 'ai-workflows'

const { promise: began, resolve: begin } = Promise.withResolvers<void>()

const upload = workflow({
  name: 'upload',
  execute: async (_ctx, file: string) =>
    await step('send', async ({ signal }) => {
      signal.addEventListener('abort', () => console.log(`removing what was sent of ${file}`))
      begin()
      await pause(60_000, undefined, { signal })
    }),
})

const run = await upload.start('film.mp4')
await began
await run.cancel('the user closed the page')
try {
  await run.result()
} catch (error) {
  if (error instanceof CancelledError) console.log(`${error.kind}: ${error.message}`)
}
console.log(await run.status())
