import { execFile } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { promisify } from 'node:util'
import { timelineOf, type Timeline } from 'ai-workflows'
import { describe, expect, test } from 'vitest'
import { widthOf } from '../../src/cli/text/width.ts'
import { Changes } from '../../src/cli/watch/changes.ts'
import { pictureOf } from '../../src/cli/watch/picture.ts'
import { Story, T0 } from './support/story.ts'
import { fixture, LIBRARY, main, place } from './support/cli.ts'

describe('watch, in a pipe', () => {
  test('follows a run that another process executes, a line for each change, until it has ended', async () => {
    const { start, write, cli } = place()
    const running = start(['run', fixture('control.ts'), '--workflow', 'waits', '--id', 'w'])
    await running.line(/ready/)
    const watching = start(['watch', 'w'])
    expect(await watching.output(/^Run w/)).toMatch(/^Run w of workflow "waits": running for .* ended$/)
    write('payload.json', '1')
    await cli('signal', 'w', 'go', '@payload.json')
    const { code, stdout, stderr } = await watching.ended
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^ +\S+ m?s {2}event:go: done/m)
    expect(stdout).toMatch(/^Run w of workflow "waits": completed after .* 2 of 2 operations ended$/m)
    await running.ended
  })

  test('one that fails or is cancelled ends it as it would have ended the run', async () => {
    const { cli } = place()
    await cli('run', fixture('control.ts'), '--workflow', 'fails', '--id', 'f')
    const { code, stdout, stderr } = await cli('watch', 'f')
    expect([code, stdout.split('\n')[0]]).toEqual([
      1,
      expect.stringMatching(/^Run f of workflow "fails": failed after .* 2 of 2 operations ended$/),
    ])
    expect(stderr).toMatch(/^error: Run f failed: .*out of order since yesterday\n/)
  })

  test('one that is blocked ends it, with what to do', async () => {
    const { cli, start, write } = place()
    const code = (step: string): string =>
      `import { step, workflow } from '${LIBRARY}'
       export const w = workflow({ name: 'w', execute: async (ctx) => {
         await step('${step}', () => console.error('ready'))
         await ctx.waitForEvent('go')
       } })`
    write('w.ts', code('before'))
    const running = start(['run', 'w.ts', '--id', 'b'])
    await running.line(/ready/)
    running.kill('SIGTERM')
    await running.ended
    write('w.ts', code('after'))
    expect((await cli('resume', 'b')).code).toBe(4)
    const { code: exit, stdout, stderr } = await cli('watch', 'b')
    expect([exit, stdout.split('\n')[0]]).toEqual([
      4,
      expect.stringMatching(/^Run b of workflow "w": blocked for .* ended$/),
    ])
    expect(stderr).toContain('When the code is corrected, go on with: ai-workflows resume b\n')
  })

  test('one that nobody executes is watched until somebody does', async () => {
    const { start } = place()
    const first = start(['run', fixture('control.ts'), '--workflow', 'waits', '--id', 'w'])
    await first.line(/ready/)
    first.kill('SIGKILL')
    await first.ended
    const watching = start(['watch', 'w'])
    expect(await watching.line(/Nobody/)).toBe('Nobody executes run w now. Go on with: ai-workflows resume w')
    const second = start(['resume', 'w'])
    await watching.output(/^Run w of workflow "waits": (?:running|waiting)/)
    const sent = await start(['signal', 'w', 'go']).ended
    expect(sent.code).toBe(0)
    expect((await watching.ended).code).toBe(0)
    expect((await second.ended).code).toBe(0)
  })

  test('Ctrl-C leaves, and the run goes on', async () => {
    const { start, json } = place()
    const running = start(['run', fixture('control.ts'), '--workflow', 'waits', '--id', 'w'])
    await running.line(/ready/)
    const watching = start(['watch', 'w'])
    await watching.output(/^Run w/)
    watching.kill('SIGINT')
    const { code, stderr } = await watching.ended
    expect([code, stderr]).toEqual([130, 'Run w is left as it is: ai-workflows watch w watches it again\n'])
    expect(await json('show', 'w')).toMatchObject({ executedBy: { pid: running.pid } })
  })

  test('with --json it is the timeline of the run that ended, and nothing else', async () => {
    const { cli, json } = place()
    await cli('run', fixture('control.ts'), '--workflow', 'fails', '--id', 'f')
    const timeline = await json<Timeline>('watch', 'f')
    expect(timeline).toMatchObject({
      run: { id: 'f', status: 'failed' },
      operations: [{ key: 'good' }, { key: 'bad' }],
    })
    expect(timeline).toEqual(await json('show', 'f', '--timeline'))
  })

  test('a run that there is not, and a database that goes away, are said in a line', async () => {
    const { cli, start, path } = place()
    const missing = await cli('watch', 'x')
    expect([missing.code, missing.stderr]).toEqual([
      3,
      `error: There is no run "x" in ${path('.ai-workflows/runs.db')}\n`,
    ])
    const running = start(['run', fixture('control.ts'), '--workflow', 'waits', '--id', 'w'])
    await running.line(/ready/)
    running.kill('SIGKILL')
    await running.ended
    const watching = start(['watch', 'w'])
    await watching.output(/^Run w/)
    rmSync(path('.ai-workflows'), { recursive: true })
    const { code, stderr } = await watching.ended
    expect(code).toBe(5)
    expect(stderr).toMatch(/\nerror: The run database .* is not there any more: .*\n$/)
  })
})

const scripted = existsSync('/usr/bin/script')

test.skipIf(!scripted)(
  'on a real terminal it is drawn in place, and the timeline stays (needs script of util-linux)',
  async () => {
    const { start, path, dir, lines } = place()
    const running = start(['run', fixture('control.ts'), '--workflow', 'waits', '--id', 'w'])
    await running.line(/ready/)
    const watch = `stty cols 80 rows 24; "${process.execPath}" "${main}" watch w`
    const watching = promisify(execFile)('script', ['-qefc', watch, path('typescript')], { cwd: dir })
    await expect.poll(() => lines('typescript').join('\n'), { timeout: 30_000 }).toContain('waits w')
    expect((await start(['signal', 'w', 'go']).ended).code).toBe(0)
    await watching
    await running.ended
    const seen = readFileSync(path('typescript'), 'utf8')
    const [hideCursor, showCursor, eraseLine] = ['\u001b[?25l', '\u001b[?25h', '\u001b[2K']
    for (const part of [hideCursor, eraseLine, 'on the critical path']) expect(seen).toContain(part)
    expect(seen.lastIndexOf(showCursor)).toBeGreaterThan(seen.lastIndexOf(hideCursor))
    expect(seen.lastIndexOf('waits w')).toBeLessThan(seen.indexOf('on the critical path'))
  },
)

describe('what is said of a change', () => {
  const at = (story: Story, now: number): Timeline => timelineOf(story.history, T0 + now)

  test('of the first look only how far the run has come', () => {
    const story = new Story().done('a', 0, 10).note('b', 'started', 10)
    expect(new Changes().linesOf(at(story, 100))).toEqual([
      'Run r of workflow "w": running for 100 ms, 1 of 2 operations ended',
    ])
  })

  test('then a line for each operation that began, failed, waits to be tried again or ended', () => {
    const changes = new Changes()
    const story = new Story().note('a', 'started', 10)
    changes.linesOf(at(story, 20))
    expect(changes.linesOf(at(story, 50))).toEqual([])
    story.failed('b', 30, 60, { retryAt: 500 }).done('a', 10, 90)
    expect(changes.linesOf(at(story, 100))).toEqual([
      '    60 ms  b: attempt 1 failed, backing off',
      '    90 ms  a: done after 80 ms',
    ])
    story.failed('b', 500, 510, { attempt: 2 }).ended(600, 'failed')
    expect(changes.linesOf(at(story, 700))).toEqual([
      '   510 ms  b: failed after 480 ms, attempt 2',
      'Run r of workflow "w": failed after 600 ms, 2 of 2 operations ended',
    ])
  })

  test('and one for thousands alike, those that failed by themselves', () => {
    const changes = new Changes()
    const story = new Story()
    changes.linesOf(at(story, 0))
    for (let n = 0; n < 10_000; n++) story.done(`work-${n}`, n, n + 5)
    for (let n = 10_000; n < 10_010; n++) story.failed(`work-${n}`, 0, 50)
    const lines = changes.linesOf(at(story, 20_000))
    expect(lines).toHaveLength(11)
    expect(lines.at(-1)).toBe('   10.0 s  work-* ×10,000: done')
    expect(lines[0]).toBe('    50 ms  work-10000: failed after 50 ms')
  })

  test('a name cannot obey the terminal', () => {
    const changes = new Changes()
    changes.linesOf(at(new Story(), 0))
    const lines = changes.linesOf(at(new Story().done('\u001b[2J\u0007', 0, 1), 2))
    expect(lines).toEqual([String.raw`     1 ms  \u{1b}[2J\u{7}: done after 1 ms`])
  })
})

describe('the picture of a run under way', () => {
  const picture = (story: Story, columns: number, rows: number): string[] =>
    pictureOf(timelineOf(story.history, T0 + 5000), { width: columns, styled: (_style, text) => text }, rows)

  test('shows lanes, totals and what decided the total so far', () => {
    const story = new Story()
      .done('plan', 0, 1000)
      .group('all', 1000, undefined, { limit: 1, members: ['a', 'b'] })
      .note('a', 'started', 1000)
    expect(picture(story, 60, 24)).toEqual([
      'w r · running',
      '5.0 s for 5.0 s of work (speed-up 1.0×)',
      '       0           1.3 s      2.5 s             5.0 s',
      '* plan ██████████                                     1.0 s',
      '* parallel all: 2 branches, 1 at once, 100% full',
      '*   a           █████████████████████████████████████ …',
      '    b           ····································· queued',
      '',
      'Critical path: plan 1.0 s → a 4.0 s',
    ])
  })

  test.for([
    [20, 4],
    [40, 10],
    [80, 24],
    [200, 60],
  ] as const)('never takes more than %d columns and %d rows', ([columns, rows]) => {
    const story = new Story()
    for (let n = 0; n < 500; n++)
      story.done(`${'狐'.repeat(n % 30)}${String.fromCodePoint(97 + n)}`, n, n + 1)
    const lines = picture(story, columns, rows)
    expect(lines.length).toBeLessThanOrEqual(rows)
    for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(columns)
  })

  test('where there is no room for all of them it shows those that are under way', () => {
    const story = new Story().note('now', 'started', 10)
    for (const letter of 'abcdefghijklmnopqrstuvwxyz') story.done(letter, 20, 40)
    const lines = picture(story, 80, 12)
    expect(lines.some((line) => line.startsWith('* now '))).toBe(true)
    expect(lines).toContain('… 22 more lanes')
  })
})
