import { describe, expect, test } from 'vitest'
import { fixture, LIBRARY, place } from './support/cli.ts'

const VALUES = `import { workflow, step } from '${LIBRARY}'
export const values = workflow({ name: 'values', execute: async (ctx, input) => await step('s', () => input?.kind === 'text' ? 'plain "text"' : input?.kind === 'nothing' ? undefined : { map: new Map([['k', 10n]]), date: new Date(0), input }) })`

describe('the result', () => {
  test('goes to standard output, readable, and nothing else does', async () => {
    const { path, write, cli } = place()
    write('open', '')
    const ended = await cli('run', fixture('steps.ts'), '--input', '{"label":"x"}')
    expect(ended.code).toBe(0)
    expect(ended.stdout).toBe(`{ label: 'x', steps: [ 'a', 'b', 'c', 'last' ] }\n`)
    expect(ended.stderr).toContain('of workflow "halves" is under way')
    expect(ended.stderr).toMatch(/completed after .*: 5 steps done/)
    expect(path('x')).toContain('cli-')
  })

  test('is a plain text without quotes, or nothing at all', async () => {
    const { write, cli } = place()
    write('v.ts', VALUES)
    expect((await cli('run', 'v.ts', '--input', '{"kind":"text"}')).stdout).toBe('plain "text"\n')
    expect((await cli('run', 'v.ts', '--input', '{"kind":"nothing"}')).stdout).toBe('')
  })

  test('with --json is one document, whatever the types of its values', async () => {
    const { write, json } = place()
    write('v.ts', VALUES)
    expect(await json('run', 'v.ts', '--id', 'one', '--input', '[1]')).toEqual({
      id: 'one',
      workflow: 'values',
      status: 'completed',
      output: { map: [['k', '10']], date: '1970-01-01T00:00:00.000Z', input: [1] },
    })
  })

  test('is not disturbed by what the code of the workflow writes to its console', async () => {
    const { write, cli } = place()
    write(
      'noisy.ts',
      `import { workflow, step } from '${LIBRARY}'
       console.log('at import')
       export default workflow({ name: 'noisy', execute: async (ctx) => { console.log('outside'); ctx.log.info('logged'); return await step('s', ({ log }) => { console.info('inside'); log.info('said', { n: 1 }); return 1 }) } })`,
    )
    const { stdout, stderr } = await cli('run', 'noisy.ts')
    expect(stdout).toBe('1\n')
    for (const said of ['at import', 'outside', 'inside', 'logged', 's: said { n: 1 }'])
      expect(stderr).toContain(`${said}\n`)
  })

  test('of a run that failed is its exit code, one line, and how to retry', async () => {
    const { cli, json } = place()
    const { code, stdout, stderr } = await cli(
      'run',
      fixture('control.ts'),
      '--workflow',
      'fails',
      '--id',
      'f',
    )
    expect(code).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toContain(
      'error: Run f failed: Step "bad" failed after 1 attempt: out of order since yesterday\n',
    )
    expect(stderr).toContain('ai-workflows retry f\n')
    expect(stderr).not.toMatch(/^\s+at /m)
    expect(await json('run', fixture('control.ts'), '--workflow', 'fails', '--id', 'f')).toMatchObject({
      id: 'f',
      status: 'failed',
      error: { name: 'StepError', stepName: 'bad', cause: { message: 'out of order\nsince yesterday' } },
    })
  })

  test('of a run that failed has its stack with --verbose, and with DEBUG', async () => {
    const { start } = place()
    const args = ['run', fixture('control.ts'), '--workflow', 'fails']
    expect((await start([...args, '--verbose']).ended).stderr).toMatch(/^\s+at .*control\.ts/m)
    expect((await start(args, { env: { DEBUG: '1' } }).ended).stderr).toMatch(/^\s+at .*control\.ts/m)
  })
})

describe('the input', () => {
  const echo = `import { workflow } from '${LIBRARY}'
export const echo = workflow({ name: 'echo', execute: async (ctx, input) => ({ input }) })`

  test('comes from the argument, a file or standard input', async () => {
    const { write, start } = place()
    write('e.ts', echo)
    write('in.json', '\ufeff{ "from": "a file" }\n')
    const output = async (input: string, stdin?: string): Promise<unknown> => {
      const { stdout } = await start(
        ['run', 'e.ts', '--json', '--input', input],
        stdin === undefined ? {} : { stdin },
      ).ended
      return (JSON.parse(stdout) as { output: { input: unknown } }).output.input
    }
    expect(await output('-5')).toBe(-5)
    expect(await output('@in.json')).toEqual({ from: 'a file' })
    expect(await output('-', '["from", "a pipe"]')).toEqual(['from', 'a pipe'])
    expect(await output('{"__proto__":{"x":1}}')).toEqual(JSON.parse('{"__proto__":{"x":1}}'))
  })

  test('M13: is refused by the schema before there is a run', async () => {
    const { write, cli, json } = place()
    write(
      's.ts',
      `import { workflow } from '${LIBRARY}'
       const schema = { '~standard': { version: 1, vendor: 'test', validate: (value) => typeof value === 'number' ? { value: value + 1 } : { issues: [{ message: 'not a number', path: ['n'] }] } } }
       export const checked = workflow({ name: 'checked', input: schema, execute: async (ctx, n) => n })`,
    )
    const { code, stderr } = await cli('run', 's.ts', '--input', '"1"')
    expect([code, stderr]).toEqual([2, 'error: The input is refused by the schema: n: not a number\n'])
    expect(await json('list')).toEqual([])
    expect((await cli('run', 's.ts', '--input', '1')).stdout).toBe('2\n')
  })
})

describe('the workflow', () => {
  const two = `import { workflow } from '${LIBRARY}'
export const one = workflow({ name: 'first', execute: async () => 1 })
export const two = workflow({ execute: async () => 2 })
export { one as again }
export default one`

  test('is the only one of the file, exported by whatever name and however often', async () => {
    const { write, cli } = place()
    write(
      'd.ts',
      `import { workflow } from '${LIBRARY}'\nconst w = workflow({ name: 'w', execute: async () => 1 })\nexport default w\nexport { w }`,
    )
    write(
      'c.cjs',
      `const { workflow } = require('${new URL(LIBRARY).pathname}')\nmodule.exports = { w: workflow({ name: 'w', execute: async () => 2 }) }`,
    )
    expect((await cli('run', 'd.ts')).stdout).toBe('1\n')
    expect((await cli('run', 'c.cjs')).stdout).toBe('2\n')
  })

  test('is chosen by its name, or by that of the export when it has none', async () => {
    const { write, cli } = place()
    write('two.ts', two)
    expect((await cli('run', 'two.ts', '--workflow', 'first')).stdout).toBe('1\n')
    const unnamed = await cli('run', 'two.ts', '--workflow', 'two')
    expect(unnamed.stdout).toBe('2\n')
  })

  test('M3: without a name runs, and it is said once that it cannot be resumed by itself', async () => {
    const { write, cli } = place()
    write('two.ts', two)
    const { code, stderr } = await cli('run', 'two.ts', '--workflow', 'two')
    expect(code).toBe(0)
    expect(stderr.match(/cannot be resumed by themselves/g)).toHaveLength(1)
  })

  test('M12: an id that exists gives its result again, and nothing is executed', async () => {
    const { write, cli, lines } = place()
    write('open', '')
    const args = ['run', fixture('steps.ts'), '--id', 'same', '--input', '{"label":"x"}']
    const first = await cli(...args)
    const second = await cli(...args)
    expect(second.stdout).toBe(first.stdout)
    expect(second.stderr).toContain('Run same has completed before: nothing was executed')
    expect(lines('effects')).toHaveLength(4)
  })

  test('M12: an id that is taken by another input is a conflict', async () => {
    const { write, cli } = place()
    write('open', '')
    await cli('run', fixture('steps.ts'), '--id', 'same', '--input', '{"label":"x"}')
    const { code, stderr } = await cli('run', fixture('steps.ts'), '--id', 'same', '--input', '{"label":"y"}')
    expect(code).toBe(7)
    expect(stderr).toContain('error: Run "same" exists already with another input')
  })
})

describe('where the runs are', () => {
  test('is .ai-workflows here, --dir, or AI_WORKFLOWS_DIR', async () => {
    const { write, start, json, path } = place()
    write(
      'w.ts',
      `import { workflow } from '${LIBRARY}'\nexport const w = workflow({ name: 'w', execute: async () => 1 })`,
    )
    await start(['run', 'w.ts', '--id', 'here']).ended
    await start(['run', 'w.ts', '--id', 'option', '--dir', 'a']).ended
    await start(['run', 'w.ts', '--id', 'variable'], { env: { AI_WORKFLOWS_DIR: path('b') } }).ended
    const ids = async (...args: string[]): Promise<string[]> =>
      (await json<{ id: string }[]>('list', ...args)).map(({ id }) => id)
    expect(await ids()).toEqual(['here'])
    expect(await ids('--dir', 'a')).toEqual(['option'])
    expect(await ids('--dir', path('b'))).toEqual(['variable'])
  })
})
