/** Workflows that show something on the page. Those that wait for a gate wait for the test. */
import { type Context, parallel, step, workflow } from 'ai-workflows'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'

/** What a test opens, so that nothing depends on how long something takes. */
export class Gates {
  readonly #waiting = new Map<string, () => void>()
  readonly #opened = new Set<string>()

  wait(name: string, signal: AbortSignal): Promise<void> {
    if (this.#opened.has(name)) return Promise.resolve()
    return new Promise((resolve, reject) => {
      this.#waiting.set(name, resolve)
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
    })
  }

  open(name: string): void {
    this.#opened.add(name)
    this.#waiting.get(name)?.()
  }
}

export const HOSTILE = '<img src=x onerror="window.hacked = true">'

/** @param pace milliseconds of one unit of work */
export function workflowsFor(gates: Gates, pace = 1) {
  const work =
    <T>(units: number, result: T) =>
    async ({ signal }: { signal: AbortSignal }): Promise<T> => {
      await delay(units * pace, undefined, { signal })
      return result
    }

  const score = workflow({
    name: 'score-document',
    execute: async (_ctx: Context, document: string) => {
      const words = await step('count-words', work(30, document.length))
      return await step('score', work(45, { document, words, score: 0.87 }))
    },
  })

  const research = workflow({
    name: 'research-report',
    input: z.object({
      topic: z.string().describe('What the report is about'),
      sources: z.number().int().min(1).max(40).default(24).describe('How many pages to read'),
      depth: z.enum(['brief', 'normal', 'thorough']).default('normal'),
      translate: z.boolean().optional(),
    }),
    execute: async (ctx, { topic, sources }) => {
      const plan = await step('plan', work(60, { topic, questions: ['why', 'how', 'when'] }))
      const found = await parallel(
        [
          step('search-web', work(110, { hits: 128 })),
          step('search-papers', work(190, { hits: 17 })),
          step('search-internal', work(70, { hits: 9 })),
        ],
        { name: 'search' },
      )
      let failures = 0
      const pages = await parallel(
        Array.from({ length: sources }, (_, index) =>
          step(
            `read-${index}`,
            async (context) => {
              await work(60 + ((index * 37) % 90), undefined)(context)
              if (index === 5 && failures++ < 2) throw new Error('503 Service Unavailable')
              return { page: index, title: `Page ${index} about ${topic}`, words: 900 + index * 31 }
            },
            { retry: { maxAttempts: 4, initialDelay: 40 * pace, jitter: false } },
          ),
        ),
        { name: 'read', concurrency: 4 },
      )
      const summary = await ctx.race(
        [
          step('model-fast', work(150, 'A good summary')),
          step('model-large', work(320, 'A better summary')),
          step('model-local', work(400, 'A summary')),
        ],
        { name: 'summarise' },
      )
      const [scored] = await parallel([ctx.invoke(score, `about ${topic}`), ctx.sleep(90 * pace)], {
        name: 'check',
      })
      await step('rerank', work(260, { kept: 12 }))
      return { plan, found, pages: pages.length, summary, scored, at: new Date(0) }
    },
  })

  const fanOut = workflow({
    name: 'fan-out',
    execute: async (_ctx, count: number) =>
      (await parallel(Array.from({ length: count }, (_, index) => step(`item-${index}`, () => index))))
        .length,
  })

  const gated = workflow({
    name: 'gated',
    execute: async (_ctx, names: readonly string[]) =>
      await parallel(
        names.map((name) =>
          step(name, async ({ signal }) => {
            await gates.wait(name, signal)
            return name
          }),
        ),
      ),
  })

  const approval = workflow({
    name: 'approval',
    execute: async (ctx) => {
      const answer = await ctx.waitForEvent<{ approved: boolean }>('approve')
      return await step('publish', () => ({ published: answer.approved }))
    },
  })

  let attempts = 0
  const flaky = workflow({
    name: 'flaky',
    execute: async () => {
      await step('prepare', () => 'ready')
      return await step('deliver', () => {
        if (attempts++ === 0) throw new Error('The mail server refused the message')
        return 'delivered'
      })
    },
  })

  const hostile = workflow({
    name: 'hostile',
    execute: async () => await step(HOSTILE, () => ({ [HOSTILE]: HOSTILE })),
  })

  const letter = workflow({
    name: 'letter',
    input: z.object({ to: z.object({ street: z.string(), town: z.string() }).optional() }),
    execute: async (_ctx, input) => await step('post', () => input),
  })

  const echo = workflow({
    name: 'echo',
    execute: async (_ctx, names: readonly string[]) =>
      await parallel(names.map((name) => step(name, () => name))),
  })

  const nested = workflow({
    name: 'nested',
    execute: async (_ctx, count: number) =>
      await parallel(
        ['a', 'b'].map(
          (name) => () =>
            parallel(
              Array.from({ length: count }, (_, at) => step(`s-${at}`, () => at)),
              { name },
            ),
        ),
        { name: 'outer' },
      ),
  })

  return { echo, nested, letter, research, score, fanOut, gated, approval, flaky, hostile }
}
