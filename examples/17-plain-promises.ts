// Promise.all, Promise.race, loops and helper functions replay just as well. They only limit and cancel nothing.
import { step, workflow } from 'ai-workflows'

async function price(item: string): Promise<number> {
  const net = await step(`price of ${item}`, () => item.length * 10)
  return await step(`tax on ${item}`, () => net * 1.25)
}

const shopping = workflow({
  name: 'shopping',
  execute: async (_ctx, items: readonly string[]) => {
    const prices = await Promise.all(items.map(price))
    let left = 100
    for (const [index, item] of items.entries())
      left = await step(`buy ${item}`, () => left - (prices[index] ?? 0))
    return { prices, left }
  },
})

console.log(await shopping.run(['tea', 'cups']))
