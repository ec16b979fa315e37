// settle: no failure stops the others, and each result says how it went.
import { parallel, step, workflow } from 'ai-workflows'

const mailing = workflow({
  name: 'mailing',
  execute: async (_ctx, addresses: readonly string[]) => {
    const results = await parallel(
      addresses.map((address) =>
        step(`mail ${address}`, () => {
          if (!address.includes('@')) throw new Error('not an address')
          return `sent to ${address}`
        }),
      ),
      { settle: true },
    )
    return results.map((result) => (result.status === 'fulfilled' ? result.value : result.reason.message))
  },
})

for (const line of await mailing.run(['ada@example.org', 'nobody', 'bob@example.org'])) console.log(line)
