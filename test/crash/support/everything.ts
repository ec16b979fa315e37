/**
 * A workflow with a bit of everything. Each of its steps leaves a mark the moment it begins: its identity, which
 * attempt it is and in which process.
 */
import { appendFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import {
  any,
  type Operation,
  parallel,
  race,
  step,
  type StepOptions,
  workflow,
  type Workflow,
} from '../../../src/index.ts'

/** @param file marks are appended to it, and go to standard output */
export function everything(file: string): Workflow<number> {
  const mark = (key: string, attempt: number): void => {
    const line = `${key} ${attempt} ${process.pid}\n`
    appendFileSync(file, line)
    process.stdout.write(line)
  }

  /** @param fails at its first attempt */
  const work = <T>(
    name: string,
    value: T,
    options: StepOptions & { fails?: boolean } = {},
  ): Operation<Awaited<T>> => {
    const { fails = false, ...rest } = options
    const run = async ({
      attempt,
      idempotencyKey,
    }: {
      attempt: number
      idempotencyKey: string
    }): Promise<T> => {
      mark(idempotencyKey, attempt)
      await pause(name.length % 4)
      if (fails && attempt === 1) throw new Error(`${name} fails`)
      return value
    }
    return step(name, run, rest)
  }
  const broken = (name: string): Operation<never> =>
    step(name, ({ attempt, idempotencyKey }) => {
      mark(idempotencyKey, attempt)
      throw new RangeError(`${name} is broken`)
    })
  /** Ends only when it is aborted. */
  const hanging = (name: string): Operation<never> =>
    step(name, async ({ attempt, idempotencyKey, signal }) => {
      mark(idempotencyKey, attempt)
      await pause(60_000, undefined, { signal, ref: true })
      throw new Error('nobody aborted it')
    })

  const child = workflow({
    name: 'child',
    execute: async (ctx, n: number) => {
      const parts = await parallel({ left: work('left', n), right: work('right', [n]) }, { concurrency: 1 })
      await ctx.sleep(2)
      return { ...parts, last: await work('last', `child ${n}`) }
    },
  })

  const groups = async (size: number) => ({
    nested: await parallel(
      Array.from({ length: size }, (_, n) => async () => {
        const first = await work('first', n)
        const inner = await parallel([work('a', first + 1), work('b', [first]), work('c', 'c')], {
          concurrency: 2,
        })
        return { inner, last: await work('last', n * 2) }
      }),
      { concurrency: 3, name: 'nested' },
    ),
    deep: await parallel([parallel([work('x', 1), parallel({ y: work('y', 2), z: () => work('z', 3) })])]),
    settled: (await parallel([work('good', 'good'), broken('bad')], { settle: true })).map(
      ({ status }) => status,
    ),
    retried: await parallel(
      ['r1', 'r2', 'r3'].map((name) =>
        work(name, name, {
          fails: true,
          retry: { maxAttempts: 3, initialDelay: 3, backoff: 'fixed', jitter: false },
        }),
      ),
    ),
    thrown: await parallel([broken('thrown'), hanging('sibling')]).catch((error) => (error as Error).message),
    bulk: (await work('bulk', 'large '.repeat(200_000))).length,
    any: await any([broken('no'), work('yes', 'yes')]),
    staggered: await race([work('quick', 'quick'), hanging('never')], { stagger: '1h' }),
    lost: await race([hanging('loser'), work('winner', 'winner')]),
  })

  /** Which of two is first, and what is done in time, no rule says; but what a later step saw of it must stay true. */
  const chances = async () => {
    const first = await race({ one: work('one', 1), two: work('two', 2) })
    const seen = await work('seen', first.winner)
    const partial = await parallel([work('fast', 'fast'), hanging('slow')], {
      timeout: 20,
      timeoutValue: 'partial',
    })
    const sawFast = await work('saw fast', partial[0] ?? 'nothing')
    return { first: first.winner, seen, fast: partial[0] ?? 'nothing', sawFast }
  }

  return workflow({
    name: 'everything',
    execute: async (ctx, size: number) => {
      const before = [ctx.random(), ctx.uuid()]
      const certain = await groups(size)
      await ctx.sleep(5)
      const children = await parallel(
        Array.from({ length: size }, (_, n) => ctx.invoke(child, n)),
        { concurrency: 2 },
      )
      const helper = async (n: number) => (await work(`helper ${n}`, n)) + (await work(`then ${n}`, n))
      const plain = await Promise.all([1, 2, 3].map(helper))
      const event = await ctx.waitForEvent<string>('go')
      const chance = await chances()
      const after = await work('random', [...before])
      return { certain, children, plain, event, chance, sameRandom: after.join() === before.join() }
    },
  })
}
