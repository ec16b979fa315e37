/** Orders whose steps, and those of their parcels, leave a mark: which step, which attempt, in which process. */
import { appendFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { parallel, step, type StepContext, workflow, type Workflow } from '../../../src/index.ts'

export interface Shop {
  readonly order: Workflow<number, string>
  readonly parcel: Workflow<number, string>
}

/** @param marks the file for marks; a step lasts `duration` milliseconds */
export function shop(marks: string, duration: number): Shop {
  const work =
    (value: string) =>
    async ({ idempotencyKey, attempt, signal }: StepContext): Promise<string> => {
      appendFileSync(marks, `${idempotencyKey} ${attempt} ${process.pid}\n`)
      await pause(duration, undefined, { signal })
      return value
    }
  const parcel = workflow({
    name: 'parcel',
    execute: async (_ctx, n: number) => {
      const packed = await step('pack', work(`packed ${n}`))
      return `${packed}, ${await step('label', work(`labelled ${n}`))}`
    },
  })
  const order = workflow({
    name: 'order',
    execute: async (ctx, n: number) => {
      const reserved = await step('reserve', work(`reserved ${n}`))
      const parcels = await parallel([ctx.invoke(parcel, 2 * n), ctx.invoke(parcel, 2 * n + 1)])
      return [reserved, ...parcels, await step('ship', work(`shipped ${n}`))].join('; ')
    },
  })
  return { order, parcel }
}

/** What an order gives. */
export function receipt(n: number): string {
  const parcel = (m: number): string => `packed ${m}, labelled ${m}`
  return `reserved ${n}; ${parcel(2 * n)}; ${parcel(2 * n + 1)}; shipped ${n}`
}
