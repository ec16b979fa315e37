import { type Logger, workflow } from 'ai-workflows'
import { runInline } from '../../../src/core/inline.ts'
import type { FakeClock } from './fake-clock.ts'
import { sandbox } from './sandbox.ts'

/** What options mean inside of a run they mean outside as well (M7): the same test, twice. */
export type Within = <T>(
  body: () => Promise<T>,
  given?: { readonly clock?: FakeClock; readonly log?: Logger },
) => Promise<T>

const outside: Within = async (body, given = {}) => await runInline(given, body)

const inRun: Within = async (body, given = {}) => {
  const { engine } = await sandbox('memory', given)
  // What the body gives is looked at as it is: whether it can be stored is another test's concern.
  let result: PromiseSettledResult<Awaited<ReturnType<typeof body>>> | undefined
  const host = workflow({
    name: 'host',
    execute: async () => {
      const [settled] = await Promise.allSettled([body()])
      result = settled
    },
  })
  await host.run(undefined, { engine, id: 'run' })
  if (result?.status === 'fulfilled') return result.value
  throw result?.reason
}

export const WAYS: readonly (readonly [string, Within])[] = [
  ['outside of a run', outside],
  ['in a run', inRun],
]
