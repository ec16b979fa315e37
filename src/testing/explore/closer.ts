import type { Schedule } from './chooser.ts'
import { type Life, sameEnd, scheduleOf } from './life.ts'
import type { Plan } from './plan.ts'

/** Most lives spent on it. */
const MOST = 200

/**
 * Two lives with different ends that differ in less: goes from one to the other by exchanging neighbours, until the end
 * changes. If it does at the first attempt that fits, only two things happen in another order.
 */
export async function closer(
  from: Life,
  to: Life,
  plan: Plan,
  live: (schedule: Schedule) => Promise<Life>,
): Promise<readonly [Life, Life]> {
  const order = [...scheduleOf(from)]
  const goal = scheduleOf(to)
  let last = from
  let lives = 0
  for (const [index, label] of goal.entries()) {
    for (let at = order.indexOf(label, index); at > index && lives < MOST; at--) {
      order.splice(at - 1, 2, label, order[at - 1] as string)
      const life = await live(order)
      lives++
      if (life.trouble !== undefined || life.marks !== from.marks) continue
      if (!sameEnd(life.end, from.end, plan)) return [last, life]
      last = life
    }
  }
  return [from, to]
}
