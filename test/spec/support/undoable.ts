/** Steps that leave word of what they did, and of its being undone. */
import { type Context, step, workflow, type Workflow } from 'ai-workflows'

/** What was done and undone. Empty it before each test. */
export const calls: string[] = []

export function flowOf(execute: (ctx: Context) => unknown): Workflow {
  return workflow({ name: 'flow', execute })
}

/** Does, and undoes. */
export function work(name: string, wait?: PromiseLike<unknown>): ReturnType<typeof step<string>> {
  return step(
    name,
    async () => {
      await wait
      calls.push(`do ${name}`)
      return `${name} done`
    },
    { compensate: (result) => void calls.push(`undo ${result}`) },
  )
}

export function failing(message = 'no'): ReturnType<typeof step<never>> {
  return step('fails', () => {
    throw new RangeError(message)
  })
}

export function undone(): string[] {
  return calls.filter((call) => call.startsWith('undo'))
}
