import { parallel, step, workflow, type Workflow } from 'ai-workflows'

/** What a step does: takes its time, and says so. */
type Work = (what: string, ms: number, signal: AbortSignal) => Promise<void>

export interface SpreadInput {
  readonly children: number
  readonly ms: number
}

/** A parent that invokes children, four at a time, each with two steps. */
export function spread(
  work: Work,
): readonly [Workflow<SpreadInput, number>, Workflow<{ n: number; ms: number }, number>] {
  const part = workflow({
    name: 'spread-part',
    execute: async (_ctx, { n, ms }: { n: number; ms: number }) => {
      await step('first', ({ signal }) => work(`${n}/first`, ms, signal))
      return await step('second', async ({ signal }) => {
        await work(`${n}/second`, ms, signal)
        return n
      })
    },
  })
  const whole = workflow({
    name: 'spread-whole',
    execute: async (ctx, { children, ms }: SpreadInput) => {
      const parts = Array.from({ length: children }, (_, n) => ctx.invoke(part, { n, ms }))
      return (await parallel(parts, { concurrency: 4 })).reduce((sum, n) => sum + n, 0)
    },
  })
  return [whole, part]
}
