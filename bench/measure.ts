/**
 * One measurement of one contender, in a process of its own: `measure.js <job as JSON>`. Compiled before it runs, as is
 * what it imports: reading TypeScript is not part of what is measured.
 */
import { writeFileSync } from 'node:fs'
import type { DurableContender, FanOutContender } from './contender.ts'
import type { Answer, Job } from './job.ts'
import { measureDurable } from './measure-durable.ts'
import { measureFanOut } from './measure-fan-out.ts'

const job = JSON.parse(process.argv[2] ?? '') as Job
const answer = (answer: Answer): never => {
  writeFileSync(job.answer, JSON.stringify(answer))
  process.exit(0)
}
const late = (): never => answer({ error: `not done after ${job.timeoutMs / 1000} s` })
setTimeout(late, job.timeoutMs).unref()
process.on('uncaughtException', (error) => answer({ error: String(error) }))

try {
  const { contender } = (await import(job.file)) as { contender: DurableContender | FanOutContender }
  const measured =
    'load' in contender ? await measureFanOut(contender, job) : await measureDurable(contender, job)
  answer({ measured })
} catch (error) {
  answer({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
}
