// ctx.sleep is a durable timer: it goes on while no process runs. ctx.now() is the run's own time, the same on replay.
import { step, workflow } from 'ai-workflows'

const reminder = workflow({
  name: 'reminder',
  execute: async (ctx, text: string) => {
    const before = ctx.now()
    await ctx.sleep('50ms')
    const late = ctx.now() - before >= 50
    return await step('remind', () => `${text} (${late ? 'not too early' : 'too early'})`)
  },
})

console.log(await reminder.run('the tea is ready'))
