// A mistake that no ordinary run shows: two branches that write one variable, found by trying every order.
import { parallel, step, workflow } from 'ai-workflows'
import { ExplorationError, explore } from 'ai-workflows/testing'

const prices: Readonly<Record<string, number>> = { tea: 4, cup: 9 }
const price = (item: string): number => prices[item] ?? 0

const bill = workflow({
  name: 'bill',
  execute: async (_ctx, items: readonly string[]) => {
    let total = 0
    const add = async (item: string): Promise<void> => {
      const before = total // read here …
      total = before + (await step(`price of ${item}`, () => price(item))) // … and written after another branch was
    }
    await parallel(items.map((item) => () => add(item)))
    return total
  },
})

const sum = workflow({
  name: 'sum',
  execute: async (_ctx, items: readonly string[]) => {
    const each = await parallel(items.map((item) => step(`price of ${item}`, () => price(item))))
    return each.reduce((total, one) => total + one, 0)
  },
})

const input = ['tea', 'cup']
try {
  await explore(bill, { input })
} catch (error) {
  if (!(error instanceof ExplorationError)) throw error
  console.log(error.message)
}
const { orders, crashes, ends } = await explore(sum, { input })
console.log(`sum: ${orders} orders, ${crashes} crashes, always ${String(ends[0]?.output)}`)
