import { CRASHED } from '../../contender.ts'
import type { DurableContender } from '../../contender.ts'

const CURSOR = 'a queue, no replay: a job that steps keeps how far it is, not what its steps returned'

/** B, C, D: the documented "process step jobs"; A: the documented flow, one parent with a child per step. */
export const contender: DurableContender = {
  name: 'BullMQ',
  kind: 'peer',
  package: 'bullmq',
  durability: 'Redis, appendonly=yes, appendfsync=always (its default, everysec, syncs once a second)',
  scenarios: { A: 'comparable', B: CURSOR, C: CURSOR, D: CURSOR },
  server: 'redis',
  open: async ({ url, task, resuming }) => {
    const { FlowProducer, Queue, QueueEvents, Worker } = await import('bullmq')
    const { hostname: host, port } = new URL(url)
    const connection = { host, port: Number(port), maxRetriesPerRequest: null }
    const runs = new Queue('run', { connection })
    const stepJobs = new Queue('step', { connection })
    const flows = new FlowProducer({ connection })
    const events = new QueueEvents('run', { connection })
    // As if the dead worker's lock (30 s) and the pause between two looks for such jobs (30 s) were just over.
    if (resuming) {
      const redis = await runs.backend.client
      await Promise.all([redis.del(`bull:run:${CRASHED}:lock`), redis.del('bull:run:stalled-check')])
    }

    const runWorker = new Worker(
      'run',
      async (job) => {
        if (job.name === 'fan-out')
          return Object.values(await job.getChildrenValues<number>()).reduce((total, one) => total + one, 0)
        const { steps } = job.data as { steps: number }
        let { at, total } = job.data as { at: number; total: number }
        while (at < steps) {
          total += await task(at++)
          await job.updateData({ steps, at, total })
        }
        return total
      },
      { connection, concurrency: 50, ...(resuming && { stalledInterval: 100 }) },
    )
    const stepWorker = new Worker('step', (job) => task((job.data as { index: number }).index), {
      connection,
      concurrency: 100,
    })
    const resumed = new Promise<number>((resolve, reject) => {
      runWorker.on('completed', (job, result: number) => job.id === CRASHED && resolve(result))
      runWorker.on('failed', (_job, error) => reject(error))
    })
    resumed.catch(() => undefined)
    await Promise.all([events.waitUntilReady(), runWorker.waitUntilReady(), stepWorker.waitUntilReady()])
    return {
      sequence: async (steps, jobId) => {
        const job = await runs.add('sequence', { steps, at: 0, total: 0 }, { jobId })
        return Number(await job.waitUntilFinished(events))
      },
      fanOut: async (steps, _concurrency, jobId) => {
        const children = Array.from({ length: steps }, (_, index) => ({
          name: 'step',
          queueName: 'step',
          data: { index },
        }))
        const { job } = await flows.add({
          name: 'fan-out',
          queueName: 'run',
          data: {},
          opts: { jobId },
          children,
        })
        return Number(await job.waitUntilFinished(events))
      },
      resume: () => resumed,
      // The results of jobs, of which steps that are no jobs of their own have none.
      recorded: () => stepJobs.getCompletedCount(),
      close: async () => {
        await Promise.all([runWorker.close(true), stepWorker.close(true)])
        await Promise.all([runs.close(), stepJobs.close(), flows.close(), events.close()])
      },
    }
  },
}
