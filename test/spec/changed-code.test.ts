/** Holds `docs/changing-workflows.md` to the truth: its examples are executed, and do what it says. */
import { readFileSync } from 'node:fs'
import {
  type Context,
  NonDeterminismError,
  parallel,
  type RunHandle,
  step,
  workflow,
  type Workflow,
} from 'ai-workflows'
import { describe, expect, test } from 'vitest'
import { FakeClock } from './support/fake-clock.ts'
import { quiet } from './support/gate.ts'
import { ended, sandbox, type Sandbox, started } from './support/sandbox.ts'

interface Claim {
  readonly text: string
  readonly recorded: readonly string[]
  /** Keys that are executed afterwards; undefined where the run is blocked. */
  readonly executes: readonly string[] | undefined
  /** The output, as an expression. */
  readonly returns: string | undefined
  readonly blockedAt: string | undefined
  readonly waitsFor: readonly string[]
}

interface Example {
  readonly title: string
  readonly before: string
  readonly after: string
  readonly claims: readonly Claim[]
}

const page = readFileSync(new URL('../../docs/changing-workflows.md', import.meta.url), 'utf8')

const examples = page
  .split(/^### /m)
  .slice(1)
  .map((section): Example => {
    const [before = '', after = ''] = [...section.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(
      ([, code = '']) => code,
    )
    const claims = [...section.matchAll(/^- Recorded: .*$/gm)].map(([line]) => claimIn(line))
    return { title: section.split('\n')[0] ?? '', before, after, claims }
  })

function claimIn(text: string): Claim {
  const [, recorded = '', rest = ''] = /^- Recorded: (.*?)\. It (.*)$/.exec(text) ?? []
  const [, executed] = /executes (nothing|`[^`]*`(?:, `[^`]*`)*)/.exec(rest) ?? []
  const [, returns] = /and returns `(.*)`\.$/.exec(rest) ?? []
  const [, blockedAt, waits = ''] = /^is blocked at `(.*?)`; the code waits for (.*)\.$/.exec(rest) ?? []
  if ((executed === undefined) === (blockedAt === undefined)) throw new Error(`Cannot be understood: ${text}`)
  const executes = executed === undefined ? undefined : quoted(executed)
  return { text, recorded: quoted(recorded), executes, returns, blockedAt, waitsFor: quoted(waits) }
}

function quoted(text: string): string[] {
  return [...text.matchAll(/`(.*?)`/g)].map(([, one = '']) => one)
}

/** Lets steps end in the order of `recorded`; all others wait. */
class Conductor {
  readonly recorded: readonly string[]
  readonly #box: Sandbox

  constructor(box: Sandbox, recorded: readonly string[]) {
    this.#box = box
    this.recorded = recorded
  }

  /** `step`, as the first block has it. */
  readonly step: typeof step = (name, fn, options) =>
    step(
      name,
      async (given) => {
        await this.#turn(given.idempotencyKey.slice('run:'.length))
        return await fn(given)
      },
      options,
    )

  async #turn(key: string): Promise<void> {
    const at = this.recorded.indexOf(key)
    const before = this.recorded[at - 1]
    if (at < 0) await new Promise(() => undefined)
    if (before !== undefined) await ended(this.#box, before)
  }
}

/** The workflow of a block. What it calls and nobody defined is a function that tells how it was called. */
function workflowOf(code: string, stepAs: typeof step): Workflow<string> {
  const said: Readonly<Record<string, unknown>> = {
    step: stepAs,
    parallel,
    fail: () => Promise.reject(new Error('no')),
  }
  const world = new Proxy(said, {
    has: (_said, name) => typeof name === 'string' && !(name in globalThis),
    get: (_said, name) =>
      typeof name === 'string'
        ? (said[name] ?? ((...args: unknown[]) => `${name}(${args.join(', ')})`))
        : undefined,
  })
  // oxlint-disable-next-line no-implied-eval -- the code on the page is what is tested
  const build = new Function('world', `with (world) { return (${code}) }`) as (world: object) => unknown
  const execute = build(world) as (ctx: Context<string>, input: string) => Promise<unknown>
  return workflow({ name: 'w', execute })
}

const PATIENCE = 5000

/** The first block, until everything that is recorded is on disk. */
async function record(
  box: Sandbox,
  clock: FakeClock,
  { before }: Example,
  { recorded }: Claim,
): Promise<void> {
  const flow = workflowOf(before, new Conductor(box, recorded).step)
  const run = await flow.start('order', { id: 'run', engine: box.engine })
  run.result().catch(() => undefined)
  for (const key of recorded)
    if (key.endsWith('!timeout')) await clock.advance(3_600_000)
    else await ended(box, key)
  await quiet()
  const { journal } = await box.engine.inspect('run')
  expect(journal.map(({ completion }) => completion.key)).toEqual(recorded)
}

/** Its end, or that it is parked, without waiting for its patience. */
async function outcome(run: RunHandle, clock: FakeClock): Promise<PromiseSettledResult<unknown>> {
  void clock.armed(PATIENCE).then(() => clock.advance(PATIENCE))
  const [settled] = await Promise.allSettled([run.result()])
  return settled
}

describe('D5: docs/changing-workflows.md', () => {
  test('is read whole', () => {
    expect(examples).toHaveLength(24)
    for (const { before, after, claims } of examples) {
      expect(claims.length).toBeGreaterThan(0)
      expect([before, after].every((code) => code.startsWith('async (ctx'))).toBe(true)
      expect(before).not.toBe(after)
    }
    expect(page.match(/^- Recorded:/gm)).toHaveLength(examples.flatMap(({ claims }) => claims).length)
  })

  describe.each(examples)('$title', (example) => {
    test.each(example.claims)('$text', async (claim) => {
      const clock = new FakeClock()
      const box = await sandbox('memory', { clock })
      await record(box, clock, example, claim)
      const flow = workflowOf(example.after, step)
      const earlier = started(box.events).length
      const run = await flow.start('order', { id: 'run', engine: await box.restart() })
      const settled = await outcome(run, clock)
      const executed = started(box.events).slice(earlier).toSorted()
      if (claim.executes !== undefined) {
        expect(settled.status).toBe('fulfilled')
        expect(executed).toEqual(claim.executes.toSorted())
        // oxlint-disable-next-line no-implied-eval -- as above
        const expected: unknown = new Function(`return (${claim.returns ?? 'undefined'})`)()
        if (claim.returns !== undefined) expect((settled as { value?: unknown }).value).toEqual(expected)
        return
      }
      const error = settled.status === 'rejected' && settled.reason instanceof Error && settled.reason.cause
      if (!(error instanceof NonDeterminismError)) expect.fail(`was not parked: ${settled.status}`)
      expect([error.recordedKey, error.waitingKeys.toSorted()]).toEqual([
        claim.blockedAt,
        claim.waitsFor.toSorted(),
      ])
      expect(executed).toEqual([])
    })
  })

  describe('every blocked run there', () => {
    const blocked = examples.flatMap((example) =>
      example.claims
        .filter(({ blockedAt }) => blockedAt !== undefined)
        .map((claim) => ({ ...example, claim })),
    )

    test.each(blocked)(
      'goes on under the old code, is retried from a step and forked under the new: $title',
      async (one) => {
        const { blockedAt = '' } = one.claim
        for (const way of ['old code', 'retry', 'fork'] as const) {
          if (way === 'retry' && blockedAt.includes('!')) continue // a timeout is not the user's: fork, or retry from a step
          const clock = new FakeClock()
          const box = await sandbox('memory', { clock })
          await record(box, clock, one, one.claim)
          const after = workflowOf(one.after, step)
          const parked = await after.start('order', { id: 'run', engine: await box.restart() })
          expect((await outcome(parked, clock)).status).toBe('rejected')
          const { engine } = box
          const run = (way === 'old code' ? workflowOf(one.before, step) : after).get('run', { engine })
          const before = started(box.events).length
          if (way === 'fork') await outcomeOf(await run.fork(), clock)
          else {
            await run.retry(way === 'retry' ? { fromStep: blockedAt } : {})
            await outcomeOf(run, clock)
          }
          if (way === 'old code')
            expect(
              started(box.events)
                .slice(before)
                .filter((key) => one.claim.recorded.includes(key)),
            ).toEqual([])
        }
      },
    )
  })
})

async function outcomeOf(run: RunHandle, clock: FakeClock): Promise<void> {
  void clock.armed(1).then(() => clock.advance(1)) // one of the examples sleeps
  expect((await outcome(run, clock)).status).toBe('fulfilled')
}
