import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { progressLines } from '../../src/cli/progress/lines.ts'
import { ProgressModel } from '../../src/cli/progress/model.ts'
import type { EventOfRun, RunEvent } from '../../src/core/ports/observer.ts'
import { LIBRARY, main, place } from './support/cli.ts'

const SIZE = { columns: 100, rows: 30 }

const of = (run: string): EventOfRun => ({ run, workflow: 'w', at: 0 })
const started = (run: string): RunEvent => ({ kind: 'run.started', ...of(run), recordedSteps: 0 })
const group = (
  run: string,
  key: string,
  completed: number,
  total: number,
  running = 0,
  failed = 0,
): RunEvent => ({
  kind: 'group.progress',
  ...of(run),
  key,
  name: key,
  counts: { total, completed, failed, running },
})
const groupEnded = (run: string, key: string): RunEvent => ({
  kind: 'group.ended',
  ...of(run),
  key,
  name: key,
  counts: { total: 1, completed: 1, failed: 0, running: 0 },
  duration: 0,
})
const stepEnded = (run: string, key: string, how: 'completed' | 'failed' | 'retrying'): RunEvent => ({
  kind: `step.${how}`,
  ...of(run),
  key,
  name: key,
  attempt: 1,
  duration: 0,
  error: undefined,
  retryAt: 0,
})

function shown(events: readonly RunEvent[], size = SIZE): string[] {
  const model = new ProgressModel(new Set(['r']))
  for (const event of events) model.see(event, 0)
  return progressLines(model, 2500, size)
}

describe('on a terminal', () => {
  test('each group shows its branches done, running and failed', () => {
    const lines = shown([
      started('r'),
      stepEnded('r', 'a', 'completed'),
      stepEnded('r', 'b', 'failed'),
      stepEnded('r', 'c', 'retrying'),
      group('r', 'parallel', 500, 1000, 10, 3),
    ])
    expect(lines).toEqual([
      'w r · 2.5 s · 1 step done, 1 failed',
      '  parallel ██████████░░░░░░░░░░ 500 of 1,000 done, 10 running, 3 failed',
    ])
  })

  test('a group that was decided early no longer shows branches as running', () => {
    expect(shown([started('r'), group('r', 'race', 1, 3, 2), groupEnded('r', 'race')])[1]).toMatch(
      /race .* 1 of 3 done$/,
    )
  })

  test('groups that have ended make room for those under way', () => {
    const events = Array.from(
      { length: 10 },
      (_, n) => [group('r', `g${n}`, 1, 1), groupEnded('r', `g${n}`)] as const,
    ).flat()
    const lines = shown([started('r'), ...events, group('r', 'now', 0, 1, 1)])
    expect(lines.slice(1).map((line) => line.trim().split(' ')[0])).toEqual(['now', 'g7', 'g8', 'g9'])
  })

  test('children are counted, their groups named after them', () => {
    const lines = shown([
      started('r'),
      started('r/child'),
      group('r/child', 'parts', 1, 2, 1),
      started('r/child#2'),
      { kind: 'run.completed', ...of('r/child#2'), duration: 0 },
    ])
    expect(lines[1]).toBe('  children: 1 ended, 1 running')
    expect(lines[2]).toMatch(/^ {2}child › parts .* 1 of 2 done, 1 running$/)
  })

  test('never takes more lines or columns than there are, nor obeys a name', () => {
    const events = [
      started('r'),
      ...Array.from({ length: 1000 }, (_, n) => group('r', `\u001b[2J${'狐'.repeat(50)}${n}`, 0, 1, 1)),
    ]
    const lines = shown(events, { columns: 40, rows: 10 })
    expect(lines).toHaveLength(6)
    expect(lines.at(-1)).toBe('  … and 996 more')
    expect(lines.join('')).not.toContain('\u001b')
  })
})

const scripted = existsSync('/usr/bin/script')

test.skipIf(!scripted)(
  'on a real terminal it is drawn in place, and the result stays (needs script of util-linux)',
  async () => {
    const { write, path, dir } = place()
    write(
      'slow.ts',
      `import { workflow, step, parallel } from '${LIBRARY}'
     export const slow = workflow({ name: 'slow', execute: async (ctx) => {
       const { promise, resolve } = Promise.withResolvers()
       const isDrawn = setInterval(() => { if (process.stderr.bytesWritten > 300) { clearInterval(isDrawn); console.log('seen enough'); resolve() } }, 5)
       await parallel([step('first', () => 1), step('second', () => promise)], { name: 'both' })
       return 'the result'
     } })`,
    )
    const command = `stty cols 80 rows 24; "${process.execPath}" "${main}" run slow.ts`
    await promisify(execFile)('script', ['-qec', command, path('typescript')], { cwd: dir })
    const seen = readFileSync(path('typescript'), 'utf8')
    const [hideCursor, showCursor, eraseLine] = ['\u001b[?25l', '\u001b[?25h', '\u001b[2K']
    expect(seen).toMatch(/both +█{10}░{10} 1 of 2 done, 1 running/)
    for (const part of [hideCursor, eraseLine, 'seen enough\r\n', 'the result\r\n'])
      expect(seen).toContain(part)
    expect(seen.lastIndexOf(showCursor)).toBeGreaterThan(seen.lastIndexOf(hideCursor))
    expect(seen.lastIndexOf('both')).toBeLessThan(seen.indexOf('the result'))
  },
)

describe('in a pipe', () => {
  const many = `import { workflow, step, parallel } from '${LIBRARY}'
    export const many = workflow({ name: 'many', execute: async () => (await parallel(Array.from({ length: 2000 }, (_, n) => step('s' + n, () => n)), { concurrency: 50 })).length })`

  test('a group of thousands gets a few lines', async () => {
    const { write, cli } = place()
    write('many.ts', many)
    const { stdout, stderr } = await cli('run', 'many.ts', '--id', 'm')
    expect(stdout).toBe('2000\n')
    const lines = stderr.trimEnd().split('\n')
    expect(lines[0]).toBe('Run m of workflow "many" is under way')
    const end = lines.findIndex((line) => line.startsWith('Run m completed'))
    expect(lines[end]).toMatch(/^Run m completed after .*: 2,000 steps done$/)
    expect(lines[end - 1]).toBe('  parallel: 2,000 of 2,000 done')
    // What it took, and why: where it took long enough to be worth saying.
    for (const line of lines.slice(end + 1)) expect(line).toMatch(/ of work\b|Critical path: |→ /)
    expect(lines.length).toBeLessThan(40)
  })

  test('--quiet leaves only what went wrong', async () => {
    const { write, cli } = place()
    write('many.ts', many)
    expect((await cli('run', 'many.ts', '-q')).stderr).toBe('')
    expect((await cli('run', 'nowhere.ts', '-q')).stderr).toMatch(/^error: /)
  })
})
