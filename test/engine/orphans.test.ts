/** Children whose parent could not tell them that they are cancelled, because its process died first (M9). */
import { createEngine, memoryStore, type EmbeddedEngine, parallel, step, workflow } from 'ai-workflows'
import { describe, expect, it } from 'vitest'
import { StoreError } from '../../src/core/errors.ts'
import type { Store } from '../../src/core/ports/store.ts'

/** The same runs for one engine after the other; `die` makes everything that this engine still writes fail. */
function shortLived(store: Store): { readonly store: Store; die(): void } {
  let dead = false
  const guarded = new Proxy(store, {
    get(target, verb: keyof Store) {
      const value: unknown = target[verb]
      if (typeof value !== 'function') return value
      return (...args: unknown[]): unknown => {
        if (dead && verb !== 'close') return Promise.reject(new StoreError('closed', 'the process is dead'))
        return (value as (...args: unknown[]) => unknown).apply(target, args)
      }
    },
  })
  return { store: guarded, die: () => void (dead = true) }
}

const silent = { debug() {}, info() {}, warn() {}, error() {} }

async function forgetOwners(store: Store): Promise<void> {
  for (const run of await store.listRuns({}, { limit: 10 }))
    if (run.owner !== undefined) await store.removeOwner(run.owner)
}

describe('a child that its parent gave up just before a crash', () => {
  it('M9 D4: is cancelled by the replay, which itself never starts it', async () => {
    const store = memoryStore()
    const first = shortLived(store)
    const before = createEngine({ store: first.store, log: silent })
    const { promise: childRuns, resolve: childIsRunning } = Promise.withResolvers<void>()
    const child = workflow({
      name: 'child',
      execute: async () =>
        step('wait', ({ signal }) => {
          childIsRunning()
          return new Promise<never>((_resolve, reject) =>
            signal.addEventListener('abort', () => reject(signal.reason as Error)),
          )
        }),
    })
    const parent = workflow({
      name: 'parent',
      execute: async (ctx, _input: null) => {
        const outcome = await parallel([
          ctx.invoke(child, null),
          step('fails', async () => {
            await childRuns
            throw new Error('no')
          }),
        ]).catch(String)
        first.die() // the failure is recorded; the child's cancel request cannot be
        await step('after', () => 1)
        return outcome
      },
    })
    const run = await parent.start(null, { id: 'p', engine: before })
    await expect(run.result()).rejects.toThrow('the process is dead')
    expect(await store.pendingInbox((await store.getRun('p/child'))?.no ?? 0)).toEqual([])
    await forgetOwners(store)

    const after = createEngine({ store, log: silent })
    expect(await parent.get('p', { engine: after }).result()).toContain('fails')
    await expect(after.find('p/child').result()).rejects.toMatchObject({
      code: 'CANCELLED',
      kind: 'run-cancelled',
    })
    await stopped(before, after)
  })
})

async function stopped(...engines: readonly EmbeddedEngine[]): Promise<void> {
  await Promise.allSettled(engines.map((engine) => engine.stop({ grace: 0 })))
}
