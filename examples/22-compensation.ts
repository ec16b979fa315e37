// When a run fails, what its steps did is undone, the last one first; and a `finally` cleans up, whatever happens.
import { parallel, step, workflow } from 'ai-workflows'

const book = (what: string) =>
  step(`book ${what}`, () => `${what} for two`, {
    compensate: (booking, { idempotencyKey }) => console.log(`cancelled: ${booking} (${idempotencyKey})`),
  })

const trip = workflow({
  name: 'trip',
  execute: async (ctx, budget: number) => {
    await step('lock the calendar', () => undefined)
    try {
      await book('flight')
      await parallel([book('hotel'), book('car')], { concurrency: 1 })
      return await step('pay', () => {
        if (budget < 1000) throw new Error('not enough money')
        return 'booked'
      })
    } finally {
      // Also when the run is cancelled: a plain step would be refused then.
      await ctx.uncancellable(() => step('unlock the calendar', () => console.log('calendar unlocked')))
    }
  },
})

console.log(await trip.run(1200, { id: 'good' }))
const run = await trip.start(500, { id: 'bad' })
console.log(await run.result().catch((error: unknown) => (error as Error).message))
