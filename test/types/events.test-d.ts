import {
  type CancelledError,
  createEngine,
  type GroupCounts,
  type Logger,
  type RunEvent,
  type RunEventKind,
} from 'ai-workflows'
import { pino } from 'pino'
import { describe, expectTypeOf, test } from 'vitest'

const engine = createEngine()

describe('engine.on', () => {
  test('a listener of one kind is given what that kind has', () => {
    engine.on('step.retrying', (event) => {
      expectTypeOf(event.kind).toEqualTypeOf<'step.retrying'>()
      expectTypeOf(event.run).toEqualTypeOf<string>()
      expectTypeOf(event.workflow).toEqualTypeOf<string | undefined>()
      expectTypeOf(event.attempt).toEqualTypeOf<number>()
      expectTypeOf(event.retryAt).toEqualTypeOf<number>()
      expectTypeOf(event.error).toEqualTypeOf<unknown>()
    })
    engine.on('step.cancelled', ({ reason }) => expectTypeOf(reason).toEqualTypeOf<CancelledError>())
    engine.on('group.ended', ({ counts }) => expectTypeOf(counts).toEqualTypeOf<GroupCounts>())
    engine.on('step.completed', ({ name, duration }) => [name.length, duration.toFixed()])
    // @ts-expect-error -- a step that is completed has no error
    engine.on('step.completed', ({ error }) => error)
  })

  test('a listener of all is given any, and `kind` tells them apart', () => {
    engine.on('*', (event) => {
      expectTypeOf(event).toEqualTypeOf<RunEvent>()
      expectTypeOf(event.kind).toEqualTypeOf<RunEventKind>()
      if (event.kind === 'run.waiting') expectTypeOf(event.wakeAt).toEqualTypeOf<number | undefined>()
      // @ts-expect-error -- not every event is about an operation
      expectTypeOf(event.key)
    })
  })

  test('a listener may be async, and there is a way to stop it', () => {
    const stop = engine.on('run.failed', async ({ error }) => await Promise.resolve(error), {
      signal: AbortSignal.timeout(1),
    })
    expectTypeOf(stop).toEqualTypeOf<() => void>()
  })

  test('a name that there is not is refused', () => {
    expectTypeOf<'step.complete'>().not.toExtend<RunEventKind>()
    // @ts-expect-error -- it is called `step.completed`
    engine.on('step.complete', () => undefined)
  })
})

test('the usual loggers can be given', () => {
  createEngine({ log: console, logLevel: 'silent' })
  createEngine({ log: pino() })
  expectTypeOf(console).toExtend<Logger>()
})
