// The first to settle wins, the others are aborted. A record of branches tells who it was.
import { setTimeout as pause } from 'node:timers/promises'
import { race, step, workflow } from 'ai-workflows'

const lookup = workflow({
  name: 'lookup',
  execute: async (_ctx, key: string) => {
    const { winner, value } = await race({
      primary: step('primary', async ({ signal }) => {
        await pause(60_000, undefined, { signal })
        return `${key} from afar`
      }),
      cache: step('cache', () => `${key} from the cache`),
    })
    return `${winner}: ${value}`
  },
})

console.log(await lookup.run('answer'))
