/** A replay reads its journal a page at a time: what is recorded, dropped or missing may lie anywhere about a page's border. */
import { createEngine, parallel, step, workflow } from 'ai-workflows'
import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { PAGE } from '../../src/engine/recorded.ts'
import { gate } from '../spec/support/gate.ts'
import { PLACES, sandbox, type Sandbox } from '../spec/support/sandbox.ts'
import { folder } from '../support/folder.ts'

/** `n` steps of a run one after the other or together, then one that waits, and is reached when all that was recorded is replayed. */
function long(n: number, way: 'sequence' | 'group') {
  const ran: string[] = []
  const life = { held: gate(), last: 'last' }
  const one = (name: string) =>
    step(name, () => {
      ran.push(name)
      return name
    })
  const flow = workflow({
    name: 'long',
    execute: async () => {
      const names = Array.from({ length: n }, (_, i) => `s${i}`)
      let results: string[] = []
      if (way === 'group') results = await parallel(names.map(one))
      else for (const name of names) results.push(await one(name))
      await step('wait', () => life.held.pass())
      return [...results, await one(life.last)].join()
    },
  })
  const expected = [...Array.from({ length: n }, (_, i) => `s${i}`), 'last'].join()
  return { flow, ran, life, expected }
}

async function interrupted(box: Sandbox, { flow, life, ran }: ReturnType<typeof long>): Promise<void> {
  await flow.start(undefined, { id: 'r', engine: box.engine })
  await life.held.reached
  await box.restart()
  ran.length = 0
  life.held.open()
}

describe.each(PLACES)('a replay over %s', (where) => {
  test.each(
    [PAGE - 1, PAGE, PAGE + 1, 2 * PAGE, 2 * PAGE + 1].flatMap((n) => [
      ['sequence', n] as const,
      ['group', n] as const,
    ]),
  )('R1: of a %s of %i recorded steps runs none of them again', async (way, n) => {
    const box = await sandbox(where)
    const program = long(n, way)
    await interrupted(box, program)
    const started: number[] = []
    box.engine.on('*', (event) => {
      if (event.kind === 'run.started') started.push(event.recordedSteps)
    })
    const run = await program.flow.start(undefined, { id: 'r', engine: box.engine })
    expect(await run.result()).toBe(program.expected)
    expect(program.ran).toEqual(['last'])
    expect(started).toEqual([n])
    const { journal } = await box.engine.inspect('r')
    expect(journal.map(({ seq }) => seq)).toEqual(Array.from({ length: n + 2 }, (_, at) => at + 1))
  })

  test.each([1, PAGE - 1, PAGE, PAGE + 1])(
    'R1: a retry from step %i of two pages, cut off again, does what follows it anew, and no more',
    async (from) => {
      const n = 2 * PAGE
      const box = await sandbox(where)
      const program = long(n, 'sequence')
      program.life.held.open()
      const run = await program.flow.start(undefined, { id: 'r', engine: box.engine })
      await run.result()
      program.ran.length = 0
      program.life.held = gate()
      await run.retry({ fromStep: `s${from}` })
      await program.life.held.reached
      expect(program.ran).toHaveLength(n - from)
      await box.restart()
      program.life.held.open()
      const again = await program.flow.start(undefined, { id: 'r', engine: box.engine })
      expect(await again.result()).toBe(program.expected)
      expect(program.ran).toEqual([...program.ran.slice(0, n - from), 'last'])
    },
  )

  test('a request to cancel that is recorded on the second page cancels every replay', async () => {
    const box = await sandbox(where)
    const cleaned = gate()
    const flow = workflow({
      name: 'long',
      execute: async (ctx) => {
        try {
          for (let i = 0; i < PAGE; i++) await ctx.step(`s${i}`, () => i)
          await ctx.sleep('1h')
        } finally {
          await ctx.uncancellable(() => step('clean', () => cleaned.pass()))
        }
      },
    })
    const run = await flow.start(undefined, { id: 'r', engine: box.engine })
    while ((await box.engine.inspect('r')).journal.length < PAGE) await new Promise(setImmediate)
    await run.cancel()
    await cleaned.reached
    const engine = await box.restart()
    cleaned.open()
    await expect((await flow.start(undefined, { id: 'r', engine })).result()).rejects.toMatchObject({
      code: 'CANCELLED',
    })
  })
})

test.each([
  ['has a changed byte', `UPDATE journal SET payload = 'j"other"' WHERE seq = ${PAGE + 10}`],
  ['has a hole', `DELETE FROM journal WHERE seq = ${PAGE + 10}`],
])('R5: a journal whose second page %s: a StoreError, and nothing runs', async (_what, damage) => {
  const dir = folder()
  const program = long(2 * PAGE, 'sequence')
  const log = { debug() {}, info() {}, warn() {}, error() {} }
  const before = createEngine({ dir, log })
  await program.flow.start(undefined, { id: 'r', engine: before })
  await program.life.held.reached
  await before.stop({ grace: 0 })
  const db = new DatabaseSync(join(dir, 'runs.db'))
  db.exec(damage)
  db.close()
  program.ran.length = 0
  const engine = createEngine({ dir, log })
  onTestFinished(() => engine.stop({ grace: 0 }))
  const run = await program.flow.start(undefined, { id: 'r', engine })
  await expect(run.result()).rejects.toMatchObject({ code: 'STORE', problem: 'corrupt' })
  expect(program.ran).toEqual([])
})
