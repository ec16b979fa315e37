// A run can wait for a person: for days, and across restarts.
import { step, workflow } from 'ai-workflows'

interface Decision {
  readonly approved: boolean
  readonly by: string
}

const expense = workflow({
  name: 'expense',
  execute: async (ctx, amount: number) => {
    await step('ask', () => console.log(`may ${amount} be spent?`))
    const decision = await ctx.waitForEvent<Decision>('decision', {
      timeout: '7d',
      timeoutValue: { approved: false, by: 'nobody' },
    })
    if (!decision.approved) return `refused by ${decision.by}`
    return await step('pay out', () => `${amount} paid out, approved by ${decision.by}`)
  },
})

const run = await expense.start(120)
await run.signal('decision', { approved: true, by: 'Ada' })
console.log(await run.result())
