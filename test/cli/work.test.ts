import { describe, expect, test } from 'vitest'
import { fixture, LIBRARY, place } from './support/cli.ts'

describe('work', () => {
  test('R4: takes over the run of a process that was killed, and repeats no recorded step', async () => {
    const at = place()
    const running = at.start(['run', fixture('steps.ts'), '--input', '{"label":"x"}', '--id', 'r'])
    await running.line(/holding/)
    const worker = at.start(['work', fixture('steps.ts')])
    await worker.line(/^Working on runs of .*"halves".*Ctrl-C stops/)
    at.write('open', '')
    running.kill('SIGKILL')
    await worker.line(/^Run r completed/)
    expect(at.lines('effects').toSorted()).toEqual(['a', 'b', 'c', 'last'])
    worker.kill('SIGTERM')
    expect((await worker.ended).code).toBe(0)
    expect(await at.json('list')).toMatchObject([{ id: 'r', status: 'completed' }])
  })

  test.each([
    ['no file', [], /missing required argument 'files'/],
    ['no places', ['w.ts', '--concurrency', '0'], /Expected a whole number of at least 1/],
    ['a file without a named workflow', ['w.ts'], /None of the workflows has a name/],
    ['two workflows of one name', ['a.ts', 'b.ts'], /has a second workflow called "same"/],
  ])('refuses %s', async (_what, args, message) => {
    const at = place()
    const file = (name: string, options: string): string =>
      at.write(
        name,
        `import { workflow } from '${LIBRARY}'\nexport const w = workflow({ ${options} execute: () => 1 })`,
      )
    file('w.ts', '')
    for (const name of ['a.ts', 'b.ts']) file(name, `name: 'same',`)
    const { code, stderr } = await at.cli('work', ...args)
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)])
  })
})
