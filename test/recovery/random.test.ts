/**
 * Random programs, retried from random steps and killed in between, against a model that knows nothing of the engine: it
 * keeps the order in which steps were recorded, and says what may run again.
 */
import { parallel, race, step, workflow } from 'ai-workflows'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { gate } from '../spec/support/gate.ts'
import { sandbox, type Sandbox } from '../spec/support/sandbox.ts'

type Program =
  { readonly kind: 'step' } | { readonly kind: 'all' | 'one' | 'row'; readonly parts: readonly Program[] }

const { program } = fc.letrec<{ program: Program }>((tie) => ({
  program: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant<Program>({ kind: 'step' }),
    fc.record({
      kind: fc.constantFrom('all' as const, 'one' as const, 'row' as const),
      parts: fc.array(tie('program'), { minLength: 1, maxLength: 3 }),
    }),
  ),
}))

/** What one life of a program left behind. */
class Life {
  readonly ran: string[] = []
  /** Ends when so many steps have run: the others hold. */
  left = Number.POSITIVE_INFINITY
  #stopped = gate()

  get stopped(): Promise<void> {
    return this.#stopped.reached
  }

  async perform(part: Program, path: string): Promise<unknown> {
    if (part.kind === 'step') return await step(path, async () => await this.#call(path))
    if (part.kind === 'row') {
      const results: unknown[] = []
      for (const [n, one] of part.parts.entries()) results.push(await this.perform(one, `${path}.${n}`))
      return results
    }
    const branches = part.parts.map((one, n) => async () => await this.perform(one, `${path}.${n}`))
    return part.kind === 'all' ? await parallel(branches) : await race(branches)
  }

  next(left: number): string[] {
    this.left = left
    this.#stopped = gate()
    return this.ran.splice(0)
  }

  async #call(path: string): Promise<string> {
    if (this.left-- <= 0) return await (this.#stopped.pass() as Promise<never>)
    this.ran.push(path)
    return `${path} after ${this.ran.length}`
  }
}

const retries = fc.array(fc.record({ from: fc.nat(), crash: fc.nat(6) }), { minLength: 1, maxLength: 3 })

/** Keys of operations in the order in which the last order of the run has them. */
async function lastOrder(box: Sandbox): Promise<string[]> {
  const { journal, record } = await box.engine.inspect('r')
  return journal.slice(record.base).flatMap(({ completion: { key } }) => (key.includes('!') ? [] : [key]))
}

test('retry and fork from a step: what was recorded before never runs again, and all after it does, whatever crashes', async () => {
  let crashes = 0
  let exact = 0
  await fc.assert(
    fc.asyncProperty(program, retries, async (part, plan) => {
      const box = await sandbox()
      const life = new Life()
      const whole: Program = { kind: 'row', parts: [part, { kind: 'step' }] }
      const flow = workflow({ name: 'w', execute: () => life.perform(whole, 'p') })
      await flow.run({}, { id: 'r', engine: box.engine })
      for (const [time, { from, crash }] of plan.entries()) {
        const order = await lastOrder(box)
        const at = from % order.length
        const fromStep = order[at] ?? ''
        const after = new Set(order.slice(at).map(pathOf))
        const before = new Set(order.slice(0, at).map(pathOf))

        for (const way of ['fork', 'retry'] as const) {
          life.next(crash)
          const old = flow.get('r', { engine: box.engine })
          const id = way === 'retry' ? 'r' : `fork ${time}`
          if (way === 'retry') await old.retry({ fromStep })
          else await old.fork({ fromStep, id })
          const cutOff = flow.get(id, { engine: box.engine }).result()
          await Promise.race([life.stopped, cutOff.catch(() => undefined)])
          const first = life.next(Number.POSITIVE_INFINITY)
          const run = flow.get(id, { engine: await box.restart() })
          cutOff.catch(() => undefined)
          if ((await run.status()) !== 'completed') crashes++
          await run.result()
          const ran = new Set([...first, ...life.next(0)])
          expect([...ran].filter((path) => before.has(path))).toEqual([])
          if (!hasRace(part)) expect([...ran].toSorted()).toEqual([...after].toSorted())
          if (!hasRace(part)) exact++
        }
      }
    }),
    { numRuns: 60 },
  )
  expect(crashes).toBeGreaterThan(20)
  expect(exact).toBeGreaterThan(20)
})

/** A step's name is its place in the program; its key has branches before that. */
function pathOf(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1)
}

function hasRace(part: Program): boolean {
  return part.kind === 'one' || (part.kind !== 'step' && part.parts.some(hasRace))
}
