// A list of operations is a list: add what is needed, then run it. Nothing starts before that.
import { parallel, step, workflow } from 'ai-workflows'

interface Order {
  readonly total: number
  readonly country: string
}

const prepare = workflow({
  name: 'prepare',
  execute: async (_ctx, order: Order) => {
    const tasks = []
    if (order.total > 1000) tasks.push(step('approval', () => 'approved'))
    if (order.country !== 'NO') tasks.push(step('customs', () => `forms for ${order.country}`))
    tasks.push(step('inventory', () => 'reserved'))
    return await parallel(tasks)
  },
})

console.log(await prepare.run({ total: 20, country: 'NO' }))
console.log(await prepare.run({ total: 2000, country: 'SE' }))
