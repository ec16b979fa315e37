import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { checkResumed, checkWork, watchRecords } from './checks.ts'
import { CRASHED, pooled, sum } from './contender.ts'
import type { DurableContender, Session } from './contender.ts'
import type { Job, Measured } from './job.ts'
import { stepsOf } from './scenarios.ts'
import type { Sizes } from './scenarios.ts'
import { peakMegabytes } from './usage.ts'

const WARM_UP = { sequence: 20, runs: 4, stepsOfRun: 3, fanOut: 20 }
const SETTLE_MS = 50
/** The delay is what lies between two turns: without one before and one after the work, a loop that never turns has none. */
const LOOP_TURNS_MS = 5
const CLOSE_WITHIN_MS = 2500

/** Counts the steps whose body was called, and dies in the one it is told to. */
class Steps {
  count = 0
  fatal = -1

  readonly task = async (index: number): Promise<number> => {
    if (index === this.fatal) process.kill(process.pid, 'SIGKILL')
    this.count++
    return index
  }
}

export async function measureDurable(contender: DurableContender, job: Job): Promise<Measured> {
  const { scenario, sizes, phase, directory, url } = job
  const steps = new Steps()
  const longest = scenario === 'D' ? sizes.steps + 1 : sizes.steps
  const lengths = [WARM_UP.sequence, WARM_UP.stepsOfRun, ...('AF'.includes(scenario) ? [] : [longest])]
  const resuming = phase === 'resume'
  const session = await contender.open({ directory, url, task: steps.task, lengths, resuming })
  if (resuming) return resumed(session, sizes, steps)

  await warmUp(session, job)
  steps.count = 0
  if (phase === 'crash') {
    steps.fatal = sizes.steps
    await session.sequence(sizes.steps + 1, CRASHED)
    throw new Error('the step that kills the process was not executed')
  }
  const checkRecords = await watchRecords(contender, session, scenario)
  const measured = phase === 'warm' ? idle() : await timed(session, job, steps)
  await checkRecords(measured.steps)
  await Promise.race([session.close(), sleep(CLOSE_WITHIN_MS)])
  return measured
}

async function warmUp(session: Session, { scenario, sizes }: Job): Promise<void> {
  if (scenario === 'A' || scenario === 'F')
    await session.fanOut(WARM_UP.fanOut, sizes.concurrency, 'warm-fan-out')
  else await session.sequence(WARM_UP.sequence, 'warm-sequence')
  const run = (index: number): Promise<number> => session.sequence(WARM_UP.stepsOfRun, `warm-${index}`)
  if (scenario === 'C') await pooled(WARM_UP.runs, run, WARM_UP.runs)
  await sleep(SETTLE_MS)
}

async function timed(session: Session, { scenario, sizes }: Job, steps: Steps): Promise<Measured> {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  await sleep(LOOP_TURNS_MS)
  const before = process.cpuUsage()
  const begun = performance.now()
  const total = await work(session, scenario, sizes)
  const elapsed = performance.now() - begun
  const { user, system } = process.cpuUsage(before)
  await sleep(LOOP_TURNS_MS)
  delay.disable()
  checkWork({ executed: steps.count, total }, sizes)
  const expected = stepsOf(sizes)
  const value = scenario === 'F' ? (elapsed * 1000) / expected : elapsed
  return {
    value,
    steps: expected,
    cpuMs: (user + system) / 1000,
    peakMegabytes: peakMegabytes(),
    delayMs: { p99: delay.percentile(99) / 1e6, most: delay.max / 1e6 },
  }
}

async function work(session: Session, scenario: Job['scenario'], sizes: Sizes): Promise<number> {
  const { steps, concurrency, runs, inFlight } = sizes
  if (scenario === 'A' || scenario === 'F') return session.fanOut(steps, concurrency, 'measured')
  if (scenario === 'B') return session.sequence(steps, 'measured')
  return sum(await pooled(runs, (run) => session.sequence(steps, `measured-${run}`), inFlight))
}

/** The clock starts with the process. */
async function resumed(session: Session, sizes: Sizes, steps: Steps): Promise<Measured> {
  if (session.resume === undefined) throw new Error('cannot resume')
  const total = await session.resume(sizes.steps + 1)
  const value = performance.now()
  checkResumed({ executed: steps.count, total }, sizes.steps + 1)
  const { user, system } = process.cpuUsage()
  return { value, steps: 1, cpuMs: (user + system) / 1000, peakMegabytes: peakMegabytes() }
}

const idle = (): Measured => ({ value: 0, steps: 0, cpuMs: 0, peakMegabytes: peakMegabytes() })
