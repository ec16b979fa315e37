// Runs here, in this process. `npm run restate` starts a Restate server and runs the same workflows there, unchanged.
import { setTimeout as pause } from 'node:timers/promises'
import { parallel, race, step, workflow } from 'ai-workflows'

const findHotel = workflow({
  name: 'find-hotel',
  execute: async (_ctx, city: string) => {
    const rooms = await step('rooms', () => [`a room in ${city}`, `a suite in ${city}`])
    return await step('choose', () => rooms[0])
  },
})

const planTrip = workflow({
  name: 'plan-trip',
  execute: async (ctx, cities: readonly string[]) => {
    const hotels = await parallel(
      cities.map((city) => ctx.invoke(findHotel, city)),
      { concurrency: 2 },
    )
    const { winner } = await race({
      train: step('train', async ({ signal }) => {
        await pause(60_000, undefined, { signal })
        return 'a seat'
      }),
      bus: step('bus', () => 'a seat'),
    })
    return { hotels, by: winner }
  },
})

export const workflows = [planTrip, findHotel] as const

if (import.meta.main) console.log(await planTrip.run(['Oslo', 'Bergen', 'Bodø']))
