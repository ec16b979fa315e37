import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { complaint, type Ended, fixture, LIBRARY, place, type Place } from './support/cli.ts'

const W = `import { workflow, step } from '${LIBRARY}'\nexport const w = workflow({ name: 'w', execute: async () => await step('s', () => 1) })\n`

describe('a workflow file', () => {
  const FILES: readonly (readonly [problem: string, name: string, text: string, says: RegExp])[] = [
    ['with a syntax error', 'f.ts', 'export const x = (3', /f\.ts:1: syntax error: /],
    [
      'with a type error in the syntax',
      'f.ts',
      'const a = 1\nexport const x: = 3',
      /f\.ts:2: syntax error: /,
    ],
    [
      'with a syntax error in what it imports',
      'f.ts',
      `import './lib.js'`,
      /f\.ts cannot be loaded: syntax error in it or in what it imports: .*To see where: node .*f\.ts/,
    ],
    [
      'with an enum',
      'f.ts',
      'const a = 1\nenum A { B }',
      /f\.ts:2: TypeScript enum is not supported .* constant object/,
    ],
    [
      'with a parameter property',
      'f.ts',
      'class A { constructor(private a: string) {} }',
      /f\.ts:1: .*parameter property.* instead of a parameter property a field/,
    ],
    ['with a decorator', 'f.ts', '@foo class A {}', /f\.ts:1: syntax error: .*decorator/],
    [
      'that throws at import',
      'f.ts',
      `\nthrow new Error('no\\nluck')`,
      /f\.ts threw while it was loaded: no luck \(.*f\.ts:2\)/,
    ],
    ['that throws no error', 'f.ts', 'throw null', /f\.ts threw while it was loaded: null/],
    ['that imports what is not there', 'f.ts', `import './nowhere.ts'`, /Cannot find module '.*nowhere\.ts'/],
    [
      'that imports without the extension',
      'f.ts',
      `import './lib'`,
      /Cannot find module '.*lib'.*add "\.js"/,
    ],
    [
      'that imports a package that is not installed',
      'f.ts',
      `import 'ai-workflows'`,
      /npm install ai-workflows/,
    ],
    [
      'that imports a name that is not there',
      'f.ts',
      `import { rm_rf } from 'node:fs'`,
      /f\.ts:1: syntax error: .*rm_rf/,
    ],
    [
      'of a kind that Node.js does not run',
      'f.tsx',
      'export const x = 1',
      /Unknown file extension "\.tsx".*compile/,
    ],
    ['without a workflow', 'f.ts', 'export const x = 1', /f\.ts exports no workflow: write `export const/],
    [
      'with two workflows',
      'f.ts',
      `${W}export const v = workflow({ name: 'v', execute: async () => 2 })`,
      /f\.ts has 2 workflows: choose one with --workflow \("v"; "w"\)/,
    ],
    [
      'that awaits at its top level what never comes',
      'f.ts',
      'await new Promise(() => {})\nexport const x = 1',
      /never comes/,
    ],
  ]

  test.for(FILES)('%s is refused in one line, and leaves nothing behind', async ([, name, text, says]) => {
    const { write, cli, path } = place()
    write('lib.js', '// fine\nexport const = 1')
    write(name, text)
    const ended = await cli('run', name)
    expect(complaint(ended)).toMatch(says)
    expect([ended.code, ended.stdout]).toEqual([2, ''])
    expect(existsSync(path('.ai-workflows'))).toBe(false)
  })

  test('that is not there, or a folder, is refused', async () => {
    const { cli, dir } = place()
    const missing = await cli('run', 'nowhere.ts')
    expect([missing.code, complaint(missing)]).toEqual([2, `error: There is no file ${dir}/nowhere.ts`])
    const folder = await cli('run', dir)
    expect([folder.code, complaint(folder)]).toEqual([2, expect.stringContaining(`${dir} is not a file`)])
  })

  test('without the workflow that was asked for is refused', async () => {
    const { write, cli, dir } = place()
    write('f.ts', W)
    const ended = await cli('run', 'f.ts', '--workflow', 'x')
    expect([ended.code, complaint(ended)]).toEqual([3, `error: ${dir}/f.ts has no workflow "x"; it has "w"`])
  })

  test('that uses another copy of this package is refused, and says which', async () => {
    const { write, cli } = place()
    write(
      'node_modules/ai-workflows/package.json',
      '{ "name": "ai-workflows", "type": "module", "exports": "./index.js" }',
    )
    const foreign = `export const workflow = (definition) => Object.assign(Object.create({ [Symbol.for('ai-workflows.workflow')]: true }), { name: definition.name, definition })`
    const copy = write('node_modules/ai-workflows/index.js', foreign)
    write(
      'f.ts',
      `import { workflow } from 'ai-workflows'\nexport const w = workflow({ name: 'w', execute: async () => 1 })`,
    )
    const ended = await cli('run', 'f.ts')
    expect(ended.code).toBe(2)
    expect(complaint(ended)).toContain(`another copy of ai-workflows (${copy})`)
  })

  test('is told about in JSON too', async () => {
    const { json, dir } = place()
    expect(await json('run', 'nowhere.ts')).toEqual({
      error: { code: 'USAGE', message: `There is no file ${dir}/nowhere.ts` },
    })
    expect(await json('show', 'nobody')).toMatchObject({ error: { code: 'RUN_NOT_FOUND' } })
  })
})

describe('arguments', () => {
  test.for([
    [['run', 'f.ts', '--input', '{"a":'], /--input is not JSON: .*quotes/],
    [['run', 'f.ts', '--input', '@nowhere.json'], /--input file nowhere\.json cannot be read: ENOENT/],
    [['run', 'f.ts', '--input', '@f.ts'], /--input file f\.ts is not JSON/],
    [['run', 'f.ts', '--input', '-'], /Standard input is not JSON/],
    [['signal', 'x', 'go', 'text'], /The payload is not JSON/],
  ] as const)('%s: input that is not JSON is refused', async ([args, says]) => {
    const { write, cli, path } = place()
    write('f.ts', W)
    const ended = await cli(...args)
    expect(complaint(ended)).toMatch(says)
    expect(ended.code).toBe(2)
    expect(existsSync(path('.ai-workflows'))).toBe(false)
  })

  test.for([
    [['run'], /missing required argument 'file'/],
    [['list', '--limit', '0'], /whole number/],
    [['list', '--status', 'lost'], /Allowed choices are running, waiting, interrupted/],
    [['signal', 'x'], /missing required argument 'event'/],
    [['run', 'f.ts', 'g.ts'], /too many arguments/],
  ] as const)('%s: bad usage is refused', async ([args, says]) => {
    const { cli } = place()
    const ended = await cli(...args)
    expect(complaint(ended)).toMatch(says)
    expect(ended.code).toBe(2)
  })

  test('a misspelt option or command gets a suggestion', async () => {
    const { cli } = place()
    const option = await cli('run', 'f.ts', '--inputs', '1')
    expect([option.code, option.stderr]).toEqual([2, expect.stringContaining('Did you mean --input?')])
    const command = await cli('resum')
    expect([command.code, command.stderr]).toEqual([2, expect.stringContaining('Did you mean resume?')])
  })

  test('--help and --version are no errors, and the help documents the exit codes', async () => {
    const { cli } = place()
    const help = await cli('--help')
    expect(help.code).toBe(0)
    for (const code of [0, 1, 2, 3, 4, 5, 6, 7, 70, 130])
      expect(help.stdout).toMatch(new RegExp(`^ +${code} {2}\\w`, 'm'))
    const version = await cli('--version')
    expect([version.code, version.stdout]).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+\n$/)])
    expect((await cli()).code).toBe(2)
  })
})

describe('a database', () => {
  /** One with a completed run in it. */
  async function database(at: Place): Promise<string> {
    at.write('f.ts', W)
    await at.cli('run', 'f.ts', '--id', 'kept')
    return at.path('.ai-workflows/runs.db')
  }

  async function refuses(at: Place, says: RegExp): Promise<void> {
    for (const args of [
      ['list'],
      ['show', 'kept'],
      ['run', 'f.ts'],
      ['resume'],
      ['cancel', 'kept'],
      ['retry', 'kept'],
      ['signal', 'kept', 'go'],
    ]) {
      const ended: Ended = await at.cli(...args)
      expect(complaint(ended)).toMatch(says)
      expect([ended.code, ended.stdout]).toEqual([5, ''])
    }
  }

  test('R5: of a newer version is refused, and not touched', async () => {
    const at = place()
    const file = await database(at)
    const db = new DatabaseSync(file)
    db.exec('PRAGMA user_version = 99; PRAGMA wal_checkpoint(TRUNCATE)')
    db.close()
    const before = readFileSync(file)
    await refuses(at, /has format 99, written by a newer version of ai-workflows/)
    expect(readFileSync(file).equals(before)).toBe(true)
  })

  test('R5: that is none is refused, and not touched', async () => {
    const at = place()
    at.write('f.ts', W)
    at.write('.ai-workflows/runs.db', 'Dear diary')
    await refuses(at, /is not a database/)
    expect(at.lines('.ai-workflows/runs.db')).toEqual(['Dear diary'])
  })

  test('R5: in a place that is a file is refused', async () => {
    const at = place()
    at.write('f.ts', W)
    at.write('.ai-workflows', 'a file')
    const ended = await at.cli('run', 'f.ts')
    expect([ended.code, complaint(ended)]).toEqual([5, expect.stringContaining('is a file and not a folder')])
  })

  test.skipIf(process.getuid?.() !== 0)(
    'R5: that may not be written is refused (as another user, so only root can try)',
    async () => {
      const at = place()
      const file = await database(at)
      for (const [path, mode] of [
        [at.dir, 0o755],
        [at.path('.ai-workflows'), 0o755],
        [file, 0o444],
      ] as const)
        chmodSync(path, mode)
      const ended = await at.start(['list'], { uid: 65534 }).ended
      expect([ended.code, complaint(ended)]).toEqual([
        5,
        expect.stringContaining('is read-only to this process'),
      ])
      expect((await at.json<{ id: string }[]>('list')).map(({ id }) => id)).toEqual(['kept'])
    },
  )

  test('R5: that another process holds locked is refused after a while, and works again afterwards', async () => {
    const at = place()
    const db = new DatabaseSync(await database(at))
    db.exec('BEGIN IMMEDIATE')
    const ended = await at.cli('run', 'f.ts', '--id', 'refused')
    expect([ended.code, complaint(ended)]).toEqual([
      5,
      expect.stringContaining('is locked by another process'),
    ])
    expect(await at.json('list')).toMatchObject([{ id: 'kept', status: 'completed' }])
    db.exec('ROLLBACK')
    db.close()
    expect(await at.json('list')).toMatchObject([{ id: 'kept', status: 'completed' }])
  })

  test('R5: that goes away while a run works leaves the command with one line', async () => {
    const at = place()
    mkdirSync(at.path('other'))
    const running = at.start(['run', fixture('control.ts'), '--workflow', 'waits', '--id', 'w'])
    await running.line(/ready/)
    const { rename } = await import('node:fs/promises')
    await rename(at.path('.ai-workflows'), at.path('moved'))
    running.kill('SIGTERM')
    const { code, stderr } = await running.ended
    expect([5, 130]).toContain(code)
    expect(stderr).not.toMatch(/^\s+at /m)
    expect(await at.json('list', '--dir', 'moved')).toMatchObject([{ id: 'w' }])
  })
})

describe('a run', () => {
  test('that is not there is not found', async () => {
    const at = place()
    at.write('f.ts', W)
    await at.cli('run', 'f.ts')
    for (const args of [
      ['show', 'x'],
      ['resume', 'x'],
      ['retry', 'x'],
      ['cancel', 'x'],
      ['signal', 'x', 'go'],
    ]) {
      const ended = await at.cli(...args)
      expect([ended.code, complaint(ended)]).toEqual([
        3,
        `error: There is no run "x" in ${at.path('.ai-workflows/runs.db')}`,
      ])
    }
  })

  test('that was started elsewhere is told what is missing, and goes on with --file', async () => {
    const at = place()
    const body = `import { createEngine, workflow } from '${LIBRARY}'
      import { pathToFileURL } from 'node:url'
      import { existsSync } from 'node:fs'
      export const w = workflow({ name: 'w', execute: async (ctx) => await ctx.waitForEvent('go') })`
    at.write('w.ts', body)
    at.write(
      'script.ts',
      `import { createEngine } from '${LIBRARY}'\nimport { w } from './w.ts'\nconst engine = createEngine()\nawait engine.start(w, undefined, { id: 's' })\nprocess.kill(process.pid, 'SIGKILL')`,
    )
    const { spawnSync } = await import('node:child_process')
    spawnSync(process.execPath, ['script.ts'], { cwd: at.dir })
    const ended = await at.cli('resume', 's')
    expect([ended.code, complaint(ended)]).toEqual([2, expect.stringContaining('name the file with --file')])
    await at.cli('signal', 's', 'go', '7')
    expect((await at.cli('resume', 's', '--file', 'w.ts')).stdout).toBe('7\n')
  })

  test('M3: of a workflow without a name cannot be resumed by itself', async () => {
    const at = place()
    at.write(
      'u.ts',
      `import { workflow, step } from '${LIBRARY}'\nexport default workflow({ execute: async (ctx) => { await step('s', () => console.error('ready')); await ctx.waitForEvent('go') } })`,
    )
    const running = at.start(['run', 'u.ts', '--id', 'u'])
    await running.line(/ready/)
    running.kill('SIGTERM')
    const { code, stderr } = await running.ended
    expect([code, stderr]).toEqual([
      130,
      expect.stringContaining('Its workflow has no name, so it cannot be resumed by itself'),
    ])
    const ended = await at.cli('resume', 'u')
    expect([ended.code, complaint(ended)]).toEqual([3, expect.stringContaining('a workflow without a name')])
  })
})
