/** Values at the edge of what can be stored: deep, sparse, malformed, and very large. */
import { step, workflow } from 'ai-workflows'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { place } from '../cli/support/cli.ts'
import { startVictim } from '../crash/support/victim.ts'
import { folder } from '../support/folder.ts'
import { open } from './support/engine.ts'

/** Of one result. As large as the promise in RELIABILITY.md: AI_WORKFLOWS_LARGE_MB=200 */
const MEGABYTES = Number(process.env['AI_WORKFLOWS_LARGE_MB'] ?? 30)

test('D7, E3: values at the edge survive, or are refused with their path', async () => {
  const dir = folder()
  const engine = open(dir)
  const deep = (depth: number): unknown => {
    let value: unknown = 'bottom'
    for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { value }
    return value
  }
  const sparse: unknown[] = []
  sparse[4_294_967_294] = 'last'
  const depthOf = (value: unknown): number => {
    let depth = 0
    for (let at = value; typeof at === 'object'; at = Object.values(at as object)[0]) depth++
    return depth
  }
  const flow = workflow({
    name: 'edges',
    execute: async () => ({
      lone: await step('lone', () => ['\ud800', { '\udfff': 'nul\u0000' }]),
      deep: depthOf(await step('deep', () => deep(10_000))),
      sparse: await step('sparse', () => sparse),
      refused: await step('refused', () => ({ list: [{ deep: { fn: () => 1 } }] })).catch(
        ({ path }: { path: string }) => path,
      ),
    }),
  })
  const live = await flow.run({}, { engine, id: 'r' })
  expect(live.lone).toEqual(['\ud800', { '\udfff': 'nul\u0000' }])
  expect(live.deep).toBe(10_000)
  expect([live.sparse.length, Object.entries(live.sparse)]).toEqual([4_294_967_295, [['4294967294', 'last']]])
  expect(live.refused).toBe('result.list[0].deep.fn')
  await engine.stop()
  const later = (await open(dir).find('r').result()) as typeof live
  expect([later.lone, later.deep, later.refused]).toEqual([live.lone, live.deep, live.refused])
  expect([later.sparse.length, later.sparse.at(-1)]).toEqual([4_294_967_295, 'last'])
})

test('D7, E2: a result of very many megabytes, and an error message of ten, are the same after a restart', async () => {
  const dir = folder()
  const program = fileURLToPath(new URL('support/large.ts', import.meta.url))
  const outputs: string[] = []
  for (let round = 0; round < 2; round++) {
    const child = startVictim(program, [dir, String(MEGABYTES)])
    expect(await child.ended).toMatchObject({ code: 0, stderr: '' })
    outputs.push(...child.lines)
  }
  const [message, cause] = [expect.any(Number), 10_000_000]
  const expected = { result: [MEGABYTES * 1_000_000, 'r'], thrown: [message, cause] }
  expect(outputs.map((line) => JSON.parse(line) as unknown)).toEqual([expected, expected])
})

test('E1, E2: a long message is stored whole, once: the errors around it repeat only its beginning', async () => {
  const dir = folder()
  const engine = open(dir)
  const long = 'long '.repeat(100_000)
  const child = workflow({ name: 'child', execute: () => step('s', () => Promise.reject(new Error(long))) })
  const parent = workflow({ name: 'parent', execute: (ctx) => ctx.invoke(child, {}) })
  const thrown = (await parent.run({}, { engine, id: 'r' }).catch((error: unknown) => error)) as Error
  const inChild = thrown.cause as Error
  expect((inChild.cause as Error).message).toBe(long)
  for (const { message } of [thrown, inChild]) {
    expect(message.length).toBeLessThan(2500)
    expect(message).toContain('characters; all of them are in the cause')
  }
  const { record } = await engine.inspect('r')
  expect(record.error?.length).toBeLessThan(2.2 * long.length) // the message, and the stack that begins with it
})

test('M3: values at the edge can be shown by the command', async () => {
  const cli = place()
  const engine = open(join(cli.dir, '.ai-workflows'))
  let deep: unknown = 'bottom'
  for (let level = 0; level < 10_000; level++) deep = [deep]
  const sparse: unknown[] = []
  sparse[4_294_967_294] = 'last'
  const error = new Error(`${'long '.repeat(200_000)}\u001b[2J`)
  const flow = workflow({ name: 'edges', execute: (_ctx, which: number) => [deep, sparse][which] })
  const failing = workflow({ name: 'failing', execute: () => step('s', () => Promise.reject(error)) })
  for (const which of [0, 1]) await flow.run(which, { engine, id: `run ${which}` })
  await failing.run({}, { engine, id: 'failing' }).catch(() => undefined)
  await engine.stop()
  const commands = [
    ['show', 'run 0'],
    ['show', 'run 0', '--json'],
    ['show', 'run 1', '--json'],
    ['show', 'failing'],
  ]
  const shown = await Promise.all(commands.map((args) => cli.cli(...args)))
  for (const { code, stdout, stderr } of shown) {
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).not.toContain('\u001b[2J')
  }
  expect(shown[3]?.stdout.length).toBeLessThan(5000)
})
