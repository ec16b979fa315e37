// ctx.invoke runs another workflow as a run of its own, and is an operation like any other.
import { parallel, step, workflow } from 'ai-workflows'

const processUser = workflow({
  name: 'process-user',
  execute: async (_ctx, { userId }: { readonly userId: number }) => {
    const name = await step('load', () => `user ${userId}`)
    return await step('greet', () => `hello, ${name}`)
  },
})

const processUsers = workflow({
  name: 'process-users',
  execute: async (ctx, userIds: readonly number[]) => {
    const greetings = await parallel(
      userIds.map((userId) => ctx.invoke(processUser, { userId })),
      { concurrency: 10 },
    )
    return { processed: greetings.length, last: greetings.at(-1) }
  },
})

console.log(await processUsers.run([1, 2, 3]))
