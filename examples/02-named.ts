// A record of branches gives a record of results, each with its own type.
import { parallel, step, workflow } from 'ai-workflows'

const dashboard = workflow({
  name: 'dashboard',
  execute: async (_ctx, userId: string) => {
    const results = await parallel({
      user: step('fetch-user', () => ({ id: userId, name: 'Ada' })),
      orders: step('fetch-orders', () => [{ total: 20 }, { total: 22 }]),
      preferences: step('fetch-preferences', () => new Map([['theme', 'dark']])),
    })
    const spent = results.orders.reduce((sum, { total }) => sum + total, 0)
    return `${results.user.name} has spent ${spent} and likes it ${results.preferences.get('theme')}`
  },
})

console.log(await dashboard.run('u1'))
