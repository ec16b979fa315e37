import { describe, expect, test } from 'vitest'
import { fixture, LIBRARY, place, type Place, type Running } from './support/cli.ts'

const HALVES = ['run', fixture('steps.ts'), '--input', '{"label":"x"}']

interface Listed {
  readonly id: string
  readonly status: string
  readonly executedBy: { readonly pid: number } | null
}

/** A run that has recorded three steps and holds in the fourth. */
async function held(at: Place, ...more: string[]): Promise<Running> {
  const running = at.start([...HALVES, ...more])
  await running.line(/holding/)
  return running
}

async function killed(at: Place, ...more: string[]): Promise<void> {
  const running = await held(at, ...more)
  running.kill('SIGKILL')
  await running.ended
}

describe('the same command', () => {
  test('R1: after a SIGKILL goes on, and repeats no recorded step', async () => {
    const at = place()
    await killed(at)
    const [before] = await at.json<Listed[]>('list')
    expect(before?.status).toBe('interrupted')
    at.write('open', '')
    const { code, stdout, stderr } = await at.cli(...HALVES)
    expect([code, stdout]).toEqual([0, `{ label: 'x', steps: [ 'a', 'b', 'c', 'last' ] }\n`])
    expect(stderr).toContain(`Going on with run ${before?.id}`)
    expect(stderr).toContain('3 recorded steps will not be repeated')
    expect(stderr).toContain('--new')
    expect(at.lines('effects').toSorted()).toEqual(['a', 'b', 'c', 'last'])
    expect(await at.json<Listed[]>('list')).toMatchObject([{ id: before?.id, status: 'completed' }])
  })

  test('starts anew with --new, with another input, and from another file', async () => {
    const at = place()
    await killed(at, '--id', 'old')
    at.write('open', '')
    at.write('copy.ts', `export { halves } from '${new URL('./fixtures/steps.ts', import.meta.url).href}'`)
    for (const args of [
      [...HALVES, '--new'],
      ['run', fixture('steps.ts'), '--input', '{"label":"y"}'],
      ['run', 'copy.ts', '--input', '{"label":"x"}'],
    ])
      expect((await at.cli(...args)).stderr).not.toContain('recorded')
    const runs = await at.json<Listed[]>('list')
    expect(runs.map(({ status }) => status)).toEqual(['completed', 'completed', 'completed', 'interrupted'])
  })

  test('recognises the input however its properties are ordered', async () => {
    const at = place()
    at.write(
      'w.ts',
      `import { workflow, step } from '${LIBRARY}'
       import { existsSync } from 'node:fs'
       export const w = workflow({ name: 'w', execute: async (ctx, input) => { await step('s', () => 1); if (!existsSync('open')) process.kill(process.pid, 'SIGKILL'); return input } })`,
    )
    expect((await at.cli('run', 'w.ts', '--input', '{"a":1,"b":2}')).code).toBe(null)
    at.write('open', '')
    expect((await at.cli('run', 'w.ts', '--input', '{"b":2,"a":1}')).stderr).toContain(
      '1 recorded step will not be repeated',
    )
  })

  test('leaves alone a run that a live process executes', async () => {
    const at = place()
    const first = await held(at, '--id', 'first')
    at.write('open', '')
    const { code, stderr } = await at.cli(...HALVES)
    expect(code).toBe(0)
    expect(stderr).not.toContain('Going on')
    expect(await at.json<Listed[]>('list', '--status', 'running')).toMatchObject([
      { id: 'first', executedBy: { pid: first.pid } },
    ])
  })

  test('D5: goes on with a blocked run when its code has been corrected', async () => {
    const at = place()
    const write = (name: string): string =>
      at.write(
        'w.ts',
        `import { workflow, step } from '${LIBRARY}'
         import { existsSync } from 'node:fs'
         export const w = workflow({ name: 'w', execute: async () => { await step('${name}', () => 1); if (!existsSync('open')) process.kill(process.pid, 'SIGKILL'); return 'ok' } })`,
      )
    write('before')
    await at.cli('run', 'w.ts', '--id', 'b')
    at.write('open', '')
    write('after')
    const blocked = await at.cli('run', 'w.ts')
    expect(blocked.code).toBe(4)
    expect(blocked.stderr).toMatch(/error: Run b is blocked: .*"before"/)
    expect(blocked.stderr).toContain('ai-workflows resume b\n')
    expect((await at.cli('resume')).stderr).toContain('1 run blocked, and left so')
    write('before')
    const corrected = await at.cli('run', 'w.ts')
    expect([corrected.code, corrected.stdout]).toEqual([0, 'ok\n'])
  })
})

describe('a signal', () => {
  test('R6: SIGINT leaves the run resumable and says how', async () => {
    const at = place()
    const running = await held(at, '--id', "it's mine", '--dir', 'my runs')
    running.kill('SIGINT')
    const { code, stdout, stderr } = await running.ended
    expect([code, stdout]).toEqual([130, ''])
    const [, command = ''] = /Go on with: (.*)/.exec(stderr) ?? []
    expect(command).toBe(String.raw`ai-workflows resume 'it'\''s mine' --dir 'my runs'`)
    at.write('open', '')
    const resumed = await at.cli('resume', "it's mine", '--dir', 'my runs')
    expect([resumed.code, resumed.stdout]).toEqual([0, `{ label: 'x', steps: [ 'a', 'b', 'c', 'last' ] }\n`])
    expect(at.lines('effects').toSorted()).toEqual(['a', 'b', 'c', 'last'])
  })

  test('R6: SIGTERM does the same, and with --json says so in the document', async () => {
    const at = place()
    const running = at.start(['run', fixture('control.ts'), '--workflow', 'waits', '--id', '-w', '--json'])
    await running.line(/ready/)
    running.kill('SIGTERM')
    const { code, stdout, stderr } = await running.ended
    expect(code).toBe(130)
    expect(JSON.parse(stdout)).toMatchObject({
      id: '-w',
      status: 'interrupted',
      error: { code: 'ENGINE_STOPPED' },
    })
    expect(stderr).toContain('ai-workflows resume -- -w\n')
    await at.cli('signal', '--', '-w', 'go', '1')
    expect((await at.cli('resume', '--', '-w')).stdout).toBe('{ payload: 1 }\n')
  })

  test('a second one ends the process at once', async () => {
    const at = place()
    at.write(
      'deaf.ts',
      `import { workflow, step } from '${LIBRARY}'
       export const deaf = workflow({ name: 'deaf', execute: async () => { await step('deaf', () => new Promise(() => { setInterval(() => {}, 1000); console.error('holding') })) } })`,
    )
    const running = at.start(['run', 'deaf.ts', '--id', 'd'])
    await running.line(/holding/)
    running.kill('SIGINT')
    await running.line(/Stopping/)
    running.kill('SIGINT')
    const { code, stderr } = await running.ended
    expect(code).toBe(130)
    expect(stderr).not.toContain('interrupted')
    expect(await at.json<Listed[]>('list')).toMatchObject([{ id: 'd', status: 'interrupted' }])
  })

  test('before there is a run leaves nothing behind', async () => {
    const at = place()
    at.write('slow.ts', `console.error('loading'); setInterval(() => {}, 1000); await new Promise(() => {})`)
    const running = at.start(['run', 'slow.ts'])
    await running.line(/loading/)
    running.kill('SIGINT')
    expect((await running.ended).code).toBe(130)
    expect(await at.json('list')).toEqual([])
  })
})

describe('resume', () => {
  test('without an id goes on with every idle unfinished run, and leaves the others', async () => {
    const at = place()
    await killed(at, '--id', 'one')
    await killed(at, '--id', 'two')
    const live = await held(at, '--id', 'live')
    at.write('open', '')
    const { code, stdout } = await at.cli('resume')
    expect(code).toBe(0)
    expect(stdout.trimEnd().split('\n').toSorted()).toEqual(['one halves completed', 'two halves completed'])
    const again = await at.cli('resume')
    expect([again.code, again.stdout]).toEqual([0, ''])
    expect(again.stderr).toContain('Nothing to resume')
    live.kill('SIGKILL')
    await live.ended
    expect(await at.json('resume')).toMatchObject([
      { id: 'live', status: 'completed', output: { label: 'x' } },
    ])
  })

  test('of one that a live process executes says which, and does nothing', async () => {
    const at = place()
    const running = await held(at, '--id', 'live')
    const { code, stderr } = await at.cli('resume', 'live')
    expect(code).toBe(7)
    expect(stderr).toContain(`error: Run live is being executed by process ${running.pid} on `)
    expect((await at.cli(...HALVES, '--id', 'live')).code).toBe(7)
    expect((await at.cli('retry', 'live')).code).toBe(7)
  })

  test('of one that has completed gives its result; of one that failed points to retry', async () => {
    const at = place()
    at.write('open', '')
    await at.cli(...HALVES, '--id', 'done')
    const done = await at.cli('resume', 'done')
    expect([done.code, done.stdout]).toEqual([0, `{ label: 'x', steps: [ 'a', 'b', 'c', 'last' ] }\n`])
    await at.cli('run', fixture('control.ts'), '--workflow', 'fails', '--id', 'f')
    const failed = await at.cli('resume', 'f')
    expect(failed.code).toBe(7)
    expect(failed.stderr).toContain('ai-workflows retry f')
  })

  test('M9: of a child goes on with its parent', async () => {
    const at = place()
    const running = at.start(['run', fixture('control.ts'), '--workflow', 'family', '--id', 'top'])
    await running.line(/ready/)
    running.kill('SIGKILL')
    await running.ended
    const children = await at.json<Listed[]>('list', '--all', '--status', 'interrupted')
    const child = children.find(({ id }) => id !== 'top')?.id ?? ''
    expect(child).toMatch(/^top\//)
    expect((await at.cli('signal', child, 'go')).code).toBe(0)
    const { code, stdout, stderr } = await at.cli('resume', child)
    expect([code, stdout]).toEqual([0, '[ 1, 2 ]\n'])
    expect(stderr).toContain(`Run ${child} is a child of run top`)
    expect(at.lines('effects').toSorted()).toEqual(['child 1', 'child 2', 'child 3'])
  })

  test('with --file finds code that has moved; without it says where it looked, and loses nothing', async () => {
    const at = place()
    const source = `import { workflow, step } from '${LIBRARY}'
      import { existsSync } from 'node:fs'
      export const w = workflow({ name: 'w', execute: async () => { await step('s', () => 1); if (!existsSync('open')) process.kill(process.pid, 'SIGKILL'); return 'ok' } })`
    at.write('old.ts', source)
    await at.cli('run', 'old.ts', '--id', 'moved')
    at.write('open', '')
    at.write(
      'old.ts',
      `import { workflow } from '${LIBRARY}'\nexport const other = workflow({ name: 'other', execute: async () => 1 })`,
    )
    at.write('new.ts', source)
    const lost = await at.cli('resume', 'moved')
    expect(lost.code).toBe(3)
    expect(lost.stderr).toContain('error: Run "moved" is one of workflow "w"')
    expect(lost.stderr).toContain('has "other"')
    const all = await at.cli('resume')
    expect([all.code, all.stderr.includes('is one of workflow "w"')]).toEqual([3, true])
    expect((await at.cli('resume', 'moved', '--file', 'new.ts')).stdout).toBe('ok\n')
  })
})

test('an error outside of every step ends the command, not the run', async () => {
  const at = place()
  at.write(
    'crash.ts',
    `import { workflow, step } from '${LIBRARY}'
     import { existsSync } from 'node:fs'
     export const crash = workflow({ name: 'crash', execute: async (ctx) => {
       await step('s', () => 1)
       if (existsSync('open')) return 'ok'
       setImmediate(() => { throw new Error('nobody\\ncatches this') })
       await ctx.waitForEvent('never')
     } })`,
  )
  const { code, stderr } = await at.cli('run', 'crash.ts', '--id', 'c')
  expect(code).toBe(70)
  expect(stderr).toContain('outside of every step: nobody catches this\n')
  expect(stderr).toContain('ai-workflows resume c\n')
  at.write('open', '')
  expect((await at.cli('resume', 'c')).stdout).toBe('ok\n')
})
