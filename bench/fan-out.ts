/**
 * One measurement of one contender, in a process of its own: `fan-out.ts <contender> <tasks> <concurrency>`. Prints
 * JSON. The first tenth is a warm-up and not counted.
 */
import { stdout } from 'node:process'

export type FanOut = (
  tasks: number,
  task: (index: number) => Promise<number>,
  concurrency: number,
) => PromiseLike<readonly number[]>

const [contender = '', tasks = '100000', concurrency = '100'] = process.argv.slice(2)
const { run } = (await import(`./peers/${contender}.ts`)) as { run: FanOut }

let calls = 0
const task = async (index: number): Promise<number> => {
  calls++
  return index * 2
}

async function measure(count: number): Promise<number> {
  calls = 0
  const begun = performance.now()
  const results = await run(count, task, Number(concurrency))
  const elapsed = performance.now() - begun
  if (calls !== count || results.length !== count || results[count - 1] !== (count - 1) * 2)
    throw new Error(`${contender} did not do the work: ${calls} calls, ${results.length} results`)
  return (elapsed * 1e6) / count
}

await measure(Math.ceil(Number(tasks) / 10))
const nanoseconds = await measure(Number(tasks))
const peakMegabytes = process.resourceUsage().maxRSS / 1024
stdout.write(`${JSON.stringify({ contender, nanoseconds, peakMegabytes })}\n`)
