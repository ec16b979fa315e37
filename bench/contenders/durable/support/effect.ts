import { Activity, Workflow } from '@effect/workflow'
import type { WorkflowEngine } from '@effect/workflow'
import { Effect, Layer, Logger, LogLevel, ManagedRuntime, Schema } from 'effect'
import { CRASHED, sum } from '../../../contender.ts'
import type { Place, Session } from '../../../contender.ts'

const steps = { id: Schema.String, steps: Schema.Number }
const Sequence = Workflow.make({
  name: 'sequence',
  success: Schema.Number,
  payload: steps,
  idempotencyKey: ({ id }) => id,
})
const FanOut = Workflow.make({
  name: 'fan-out',
  success: Schema.Number,
  payload: { ...steps, concurrency: Schema.Number },
  idempotencyKey: ({ id }) => id,
})

type Engine<E> = Layer.Layer<WorkflowEngine.WorkflowEngine, E>

/** @param recorded of the session */
export async function openEffect<E>(
  { task }: Place,
  engine: Engine<E>,
  recorded?: () => Promise<number>,
): Promise<Session> {
  const step = (index: number) =>
    Activity.make({
      name: `step-${index}`,
      success: Schema.Number,
      execute: Effect.promise(() => task(index)),
    })
  const sequence = Sequence.toLayer(({ steps }) =>
    Effect.gen(function* () {
      let total = 0
      for (let index = 0; index < steps; index++) total += yield* step(index)
      return total
    }),
  )
  const fanOut = FanOut.toLayer(({ steps, concurrency }) => {
    const indexes = Array.from({ length: steps }, (_, index) => index)
    return Effect.forEach(indexes, step, { concurrency }).pipe(Effect.map(sum))
  })
  const app = Layer.mergeAll(sequence, fanOut).pipe(
    Layer.provideMerge(engine),
    Layer.provide(Logger.minimumLogLevel(LogLevel.Error)),
  )
  const runtime = ManagedRuntime.make(app)
  await runtime.runtime()
  const run = (id: string, steps: number) => runtime.runPromise(Sequence.execute({ id, steps }))
  return {
    sequence: (steps, id) => run(id, steps),
    fanOut: (steps, concurrency, id) => runtime.runPromise(FanOut.execute({ id, steps, concurrency })),
    // The same idempotency key: it joins the run that the restarted shard replays.
    resume: (steps) => run(CRASHED, steps),
    ...(recorded && { recorded }),
    close: () => runtime.dispose(),
  }
}
