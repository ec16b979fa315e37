/** E4: why a signal was aborted, for each cause; and cancelled is not failed. */
import { CancelledError, parallel, race, step, workflow } from 'ai-workflows'
import { describe, expect, test } from 'vitest'
import { FakeClock } from './support/fake-clock.ts'
import { aborted, gate, quiet } from './support/gate.ts'
import { PLACES, sandbox, type Sandbox } from './support/sandbox.ts'

describe.each(PLACES)('E4 on %s: why a signal was aborted', (place) => {
  const clock = new FakeClock()

  /** Runs a body with a step that waits to be aborted; gives its signal's reason. */
  async function reasonOf(
    body: (waits: () => ReturnType<typeof step<void>>, running: Promise<void>) => PromiseLike<unknown>,
    interfere: (box: Sandbox, running: Promise<void>) => Promise<void> = () => Promise.resolve(),
  ): Promise<{ reason: unknown; status: string; result: PromiseSettledResult<unknown> }> {
    const box = await sandbox(place, { clock })
    const [running, reason] = [gate(), gate<unknown>()]
    const waits = (): ReturnType<typeof step<void>> =>
      step('waits', async ({ signal }) => {
        running.open()
        reason.open(await aborted(signal))
        signal.throwIfAborted()
      })
    const flow = workflow({ name: 'flow', execute: async () => await body(waits, running.promise) })
    const run = await flow.start(undefined, { engine: box.engine, id: 'x' })
    const [result] = await Promise.all([Promise.allSettled([run.result()]), interfere(box, running.promise)])
    await reason.promise
    await quiet()
    return {
      reason: await reason.promise,
      status: (await box.engine.list().catch(() => []))[0]?.status ?? 'stopped',
      result: result[0],
    }
  }

  const failing = (after: Promise<void>): ReturnType<typeof step<void>> =>
    step('bad', async () => {
      await after
      throw new Error('bad')
    })

  test('E4: sibling-failed, by whom and what it threw', async () => {
    const { reason, status } = await reasonOf((waits, running) =>
      parallel([waits(), failing(running)]).catch(() => undefined),
    )
    expect(reason).toBeInstanceOf(CancelledError)
    expect(reason).toMatchObject({
      kind: 'sibling-failed',
      by: 'bad',
      cause: { code: 'STEP_FAILED', cause: { message: 'bad' } },
    })
    expect(status).toBe('completed')
  })

  test('E4: race-lost, by the winner', async () => {
    const { reason } = await reasonOf((waits, running) => race([waits(), step('quick', () => running)]))
    expect(reason).toMatchObject({ kind: 'race-lost', by: 'quick' })
  })

  test('E4: timeout, by the group', async () => {
    const { reason } = await reasonOf(
      (waits) => parallel([waits()], { timeout: '1m', timeoutValue: null, name: 'limited' }),
      async (_, running) => {
        await running
        await clock.armed(60_000)
        await clock.advance(60_000)
      },
    )
    expect(reason).toMatchObject({ kind: 'timeout', by: 'limited', cause: { code: 'TIMEOUT' } })
  })

  test('E4: aborted, by the group whose signal it was', async () => {
    const controller = new AbortController()
    const { reason } = await reasonOf(
      (waits) => parallel([waits()], { signal: controller.signal }).catch(() => undefined),
      async (_, running) => {
        await running
        controller.abort('from outside')
      },
    )
    expect(reason).toMatchObject({ kind: 'aborted', by: 'parallel', cause: 'from outside' })
  })

  test('E4: run-cancelled, with what the caller said; rethrowing it counts as cancelled, not failed', async () => {
    const { reason, status, result } = await reasonOf(
      (waits) => waits(),
      async (box, running) => {
        await running
        await box.engine.find('x').cancel({ by: 'an operator' })
      },
    )
    expect(reason).toMatchObject({ kind: 'run-cancelled', cause: { by: 'an operator' } })
    expect(status).toBe('cancelled')
    expect(result).toMatchObject({
      status: 'rejected',
      reason: { code: 'CANCELLED', kind: 'run-cancelled', cause: { by: 'an operator' } },
    })
  })

  test('E4: run-ended, for what nobody waits for any more', async () => {
    const { reason } = await reasonOf((waits, running) => Promise.race([waits(), running]))
    expect(reason).toMatchObject({ kind: 'run-ended' })
  })

  test('E4: engine-stopping: the run stays resumable', async () => {
    const { reason, result } = await reasonOf(
      (waits) => waits(),
      async (box, running) => {
        await running
        await box.engine.stop({ grace: 0 })
      },
    )
    expect(reason).toMatchObject({ kind: 'engine-stopping' })
    expect(result).toMatchObject({ status: 'rejected', reason: { code: 'ENGINE_STOPPED' } })
  })

  test('E4: cleaning up after a cancellation: steps of a catch block are refused, and the run ends as cancelled', async () => {
    const { status, result } = await reasonOf(
      async (waits) => {
        try {
          await waits()
        } finally {
          await step('clean up', () => undefined)
        }
      },
      async (box, running) => {
        await running
        await box.engine.find('x').cancel()
      },
    )
    expect(status).toBe('cancelled')
    expect(result).toMatchObject({ status: 'rejected', reason: { code: 'CANCELLED' } })
  })

  test('E4: a run that is cancelled and returns all the same has completed', async () => {
    const { status, result } = await reasonOf(
      async (waits) => await waits().catch(() => 'saved what there was'),
      async (box, running) => {
        await running
        await box.engine.find('x').cancel()
      },
    )
    expect(status).toBe('completed')
    expect(result).toEqual({ status: 'fulfilled', value: 'saved what there was' })
  })
})
