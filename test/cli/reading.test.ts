import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { fixture, LIBRARY, main, place } from './support/cli.ts'

describe('where there has never been a run', () => {
  test('reading commands say so, and create nothing', async () => {
    const { cli, json, path } = place()
    const listed = await cli('list')
    expect([listed.code, listed.stdout, listed.stderr]).toEqual([0, '', 'No runs yet\n'])
    expect(await json('list')).toEqual([])
    expect((await cli('resume')).code).toBe(0)
    for (const args of [
      ['show', 'x'],
      ['resume', 'x'],
      ['retry', 'x'],
      ['cancel', 'x'],
      ['signal', 'x', 'go'],
    ]) {
      const { code, stderr } = await cli(...args)
      expect([code, stderr]).toEqual([3, `error: There is no run "x" in ${path('.ai-workflows/runs.db')}\n`])
    }
    expect(existsSync(path('.ai-workflows'))).toBe(false)
  })
})

describe('list', () => {
  test('shows runs newest first, children only with --all, and filters', async () => {
    const { write, cli, json } = place()
    write('open', '')
    await cli('run', fixture('steps.ts'), '--id', 'first', '--input', '{"label":"x"}')
    await cli('run', fixture('control.ts'), '--workflow', 'fails', '--id', 'second')
    write(
      'p.ts',
      `import { workflow } from '${LIBRARY}'
       const child = workflow({ name: 'child', execute: async () => 1 })
       export const p = workflow({ name: 'p', execute: async (ctx) => await ctx.invoke(child, 1) })`,
    )
    await cli('run', 'p.ts', '--id', 'third')
    const { stdout, stderr } = await cli('list')
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ {2,}/).slice(0, 3))
    expect(rows).toEqual([
      ['ID', 'WORKFLOW', 'STATUS'],
      ['third', 'p', 'completed'],
      ['second', 'fails', 'failed'],
      ['first', 'halves', 'completed'],
    ])
    expect(stderr).toBe('')
    const ids = async (...args: string[]): Promise<string[]> =>
      (await json<{ id: string }[]>('list', ...args)).map(({ id }) => id)
    expect(await ids('--all')).toEqual(['third/child', 'third', 'second', 'first'])
    expect(await ids('--status', 'failed')).toEqual(['second'])
    expect(await ids('--status', 'failed', 'completed', '--limit', '2')).toEqual(['third', 'second'])
    expect(await ids('--workflow', 'halves')).toEqual(['first'])
    expect((await cli('list', '--limit', '1')).stderr).toBe('There are more: --limit 10 shows them\n')
    expect((await cli('list', '--workflow', 'nobody')).stderr).toBe('No run fits\n')
  })

  test('says who executes a run, and which ones nobody does', async () => {
    const { start, json } = place()
    const running = start(['run', fixture('control.ts'), '--workflow', 'waits', '--id', 'w'])
    await running.line(/ready/)
    expect(await json('list')).toMatchObject([
      { id: 'w', status: 'running', executedBy: { pid: running.pid }, endedAt: null },
    ])
    running.kill('SIGKILL')
    await running.ended
    expect(await json('list')).toMatchObject([
      { id: 'w', status: 'interrupted', executedBy: null, durationMs: null },
    ])
    expect(await json('list', '--status', 'running')).toEqual([])
    expect(await json('list', '--status', 'interrupted')).toHaveLength(1)
  })
})

describe('show', () => {
  test('prints record, values, operations and children', async () => {
    const { write, cli, json } = place()
    write(
      'p.ts',
      `import { workflow, step, parallel } from '${LIBRARY}'
       const child = workflow({ name: 'child', execute: async () => 1 })
       export const p = workflow({ name: 'p', execute: async (ctx, input) => {
         await parallel(Array.from({ length: 1000 }, (_, n) => step('item-' + n, () => n)))
         await parallel([step('item-x', () => { throw new Error('broken\\npart') })], { settle: true })
         await ctx.sleep(1)
         await ctx.invoke(child, 1)
         return new Set([input.n])
       } })`,
    )
    await cli('run', 'p.ts', '--id', 'r', '--input', '{"n":1}')
    const { code, stdout } = await cli('show', 'r')
    expect(code).toBe(0)
    expect(stdout).toContain('Run r\n  workflow     p\n  status       completed\n')
    expect(stdout).toContain('Input\n  { n: 1 }\n')
    expect(stdout).toContain('Output\n  Set(1) { 1 }\n')
    expect(stdout).toContain('Operations (1,002 done, 1 failed)\n')
    expect(stdout).toMatch(/^ {2}item-\* {2}×1,000 +step +done +1 /m)
    expect(stdout).toMatch(/^ {2}item-x +step +failed +1 /m)
    expect(stdout).toMatch(/^ {2}sleep +sleep +done/m)
    expect(stdout).toMatch(/^Children \(1\)\n {2}ID.*\n {2}r\/child +child +completed/m)
    expect(stdout.split('\n').length).toBeLessThan(40)
    const all = (await cli('show', 'r', '--all')).stdout
    expect(all).toMatch(/^ {2}item-999 +step +done/m)
    expect(await json('show', 'r')).toMatchObject({
      id: 'r',
      workflow: 'p',
      status: 'completed',
      source: expect.stringContaining('p.ts'),
      input: { n: 1 },
      output: [1],
      operations: expect.arrayContaining([
        expect.objectContaining({ key: 'item-0', kind: 'step', status: 'done', attempts: 1 }),
        expect.objectContaining({
          key: 'item-x',
          status: 'failed',
          error: expect.objectContaining({ message: expect.stringContaining('broken\npart') }),
        }),
      ]),
      children: [{ id: 'r/child', parent: 'r', status: 'completed' }],
      waiting: { sleeps: [], events: [], cancelRequested: false },
    })
  })

  test('tells of an interrupted run what it waits for, and how to go on', async () => {
    const { write, start, cli } = place()
    write(
      's.ts',
      `import { workflow, step, parallel } from '${LIBRARY}'
       export const s = workflow({ name: 's', execute: async (ctx) => {
         await parallel([ctx.sleep('1h'), async () => { await ctx.sleep(200); await step('ready', () => console.error('ready')); await ctx.waitForEvent('go') }])
       } })`,
    )
    const running = start(['run', 's.ts', '--id', 'r'])
    await running.line(/ready/)
    running.kill('SIGTERM')
    await running.ended
    const { stdout } = await cli('show', 'r')
    expect(stdout).toContain('  status       interrupted\n')
    expect(stdout).toContain('  go on with   ai-workflows resume r\n')
    expect(stdout).toMatch(/^Waiting\n {2}sleep until \d{4}-/m)
  })
})

describe('names and ids that try something', () => {
  const NAMES = [
    '__proto__',
    'a/b#2',
    `q"uo'te`,
    'line\nfeed',
    '\u001b[31mred\u0007',
    '🦊 狐',
    '-dash',
    '$(touch x)',
    'x'.repeat(300),
  ]

  test('work as they are, and reach the terminal without effect', async () => {
    const { write, cli, start, json, path } = place()
    write(
      'n.ts',
      `import { workflow, step, parallel } from '${LIBRARY}'
       const names = ${JSON.stringify(NAMES)}
       export const n = workflow({ name: names[3] + names[4], execute: async (ctx, input) => {
         await parallel(Object.fromEntries(names.map((name) => [name, step(name, () => name)])))
         return input
       } })`,
    )
    for (const [at, id] of NAMES.entries()) {
      const args = id.startsWith('-') ? ['--', id] : [id]
      const started = await start(['run', 'n.ts', `--id=${id}`, '--input', String(at)]).ended
      expect([started.code, started.stdout]).toEqual([0, `${at}\n`])
      const shown = await cli('show', ...args)
      expect(shown.code).toBe(0)
      // oxlint-disable-next-line no-control-regex -- what must not be there
      expect(started.stderr + shown.stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
    }
    const listed = await json<{ id: string; workflow: string }[]>('list', '--all')
    expect(listed.map(({ id }) => id)).toEqual(NAMES.toReversed())
    expect(new Set(listed.map(({ workflow }) => workflow))).toEqual(new Set([`${NAMES[3]}${NAMES[4]}`]))
    expect((await cli('list')).stdout.trimEnd().split('\n')).toHaveLength(NAMES.length + 1)
    expect(existsSync(path('x'))).toBe(false)
  })

  test('are refused at the call when they cannot be kept', async () => {
    const { write, cli } = place()
    write(
      'w.ts',
      `import { workflow } from '${LIBRARY}'\nexport const w = workflow({ name: 'w', execute: async () => 1 })`,
    )
    for (const args of [
      ['run', 'w.ts', '--id', ''],
      ['run', 'w.ts', '--id', 'x'.repeat(513)],
      ['show', ''],
      ['signal', 'r', ''],
      ['list', '--dir', ''],
    ]) {
      const { code, stderr } = await cli(...args)
      expect([code, stderr.trimEnd().split('\n').length]).toEqual([2, 1])
    }
  })
})

test('a reader that has seen enough does not disturb', async () => {
  const { write, cli, dir } = place()
  write('open', '')
  write('big.json', JSON.stringify({ label: 'x'.repeat(500_000) }))
  await cli('run', fixture('steps.ts'), '--id', 'r', '--input', '@big.json')
  const command = ['-c', '"$1" "$2" show r --json | head -c 10', 'sh', process.execPath, main]
  const { stdout, stderr } = await promisify(execFile)('sh', command, { cwd: dir })
  expect([stdout.length, stderr]).toEqual([10, ''])
})
