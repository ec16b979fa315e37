import type { FanOutContender } from './contender.ts'
import type { Job, Measured } from './job.ts'
import { median } from './statistics.ts'
import { peakMegabytes } from './usage.ts'

const REPEATS = 3
const WARM_UP = 2000

export async function measureFanOut(contender: FanOutContender, { sizes }: Job): Promise<Measured> {
  const run = await contender.load()
  const { steps, concurrency } = sizes
  const times: number[] = []
  let calls = 0
  const task = async (index: number): Promise<number> => {
    calls++
    return index * 2
  }
  const once = async (tasks: number): Promise<number> => {
    calls = 0
    const begun = performance.now()
    const results = await run(tasks, task, concurrency)
    const elapsed = performance.now() - begun
    const wrong = results.findIndex((result, index) => result !== index * 2)
    if (calls !== tasks || results.length !== tasks || wrong !== -1)
      throw new Error(`${tasks} tasks: ${calls} calls, ${results.length} results, result ${wrong} is wrong`)
    return elapsed
  }
  for (let repeat = 0; repeat < REPEATS; repeat++) await once(Math.min(WARM_UP, steps))
  const before = process.cpuUsage()
  for (let repeat = 0; repeat < REPEATS; repeat++) times.push(await once(steps))
  const { user, system } = process.cpuUsage(before)
  const cpuMs = (user + system) / 1000 / REPEATS
  return { value: (median(times) * 1e6) / steps, steps, cpuMs, peakMegabytes: peakMegabytes() }
}
