import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { readEntries } from './support/books.ts'
import { installPackages, packagesIn } from './support/tree.ts'
import { startVictim, type Victim } from './support/victim.ts'

// The main job, as a user has it: on the built package.
const main = fileURLToPath(new URL('../../audit/main.ts', import.meta.url))
const PACKAGES = 200
const STEPS = packagesIn(PACKAGES) + 2

let dir: string
let data: string
beforeEach(() => {
  expect(existsSync(new URL('../../dist/index.js', import.meta.url)), 'npm run build comes first').toBe(true)
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'audit-')))
  data = join(dir, 'data')
  installPackages(dir, PACKAGES)
  const made = dir
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
})

const audit = (args: readonly string[] = [], onLine?: (line: string, victim: Victim) => void): Victim =>
  startVictim(main, args, {
    cwd: dir,
    env: { AI_WORKFLOWS_DIR: data },
    ...(onLine === undefined ? {} : { onLine }),
  })

/** Runs it to its end. */
async function complete(args: readonly string[] = []): Promise<Victim> {
  const victim = audit(args)
  expect(await victim.ended).toEqual({ code: 0, signal: null, stderr: '' })
  return victim
}

/** Does something to it as soon as it has printed so many lines of progress. */
function at(count: number, act: (victim: Victim) => void): (line: string, victim: Victim) => void {
  let seen = 0
  return (line, victim) => {
    if (line.startsWith('read ') && ++seen === count) act(victim)
  }
}

const report = (): unknown => JSON.parse(readFileSync(join(dir, 'report.json'), 'utf8'))
const stepsDone = () => readEntries(data).filter(({ kind }) => kind === 'step-done' || kind === 'step-failed')
const progress = ({ lines }: Victim): string[] => lines.filter((line) => line.startsWith('read '))

describe('an audit', () => {
  test('reports licences, packages without one, the largest, duplicates, and what it could not read', async () => {
    const { lines } = await complete()
    expect(report()).toEqual({
      root: dir,
      packages: packagesIn(PACKAGES),
      files: PACKAGES * 2 + 7,
      bytes: expect.any(Number),
      licences: { MIT: 135, ISC: 67, 'BSD-2-Clause': 1, 'MIT OR GPL': 1, none: 1 },
      withoutLicence: [{ path: 'node_modules/unlicensed' }],
      largest: expect.any(Array),
      duplicates: [{ name: 'plain-1', copies: 2, versions: ['0.9.0', '1.0.0'] }],
      unreadable: [{ path: 'node_modules/damaged', reason: expect.stringContaining('JSON') }],
    })
    expect(report()).toHaveProperty('largest.0', { path: 'node_modules/big', bytes: 100_048, files: 2 })
    expect(report()).toHaveProperty('largest.1.path', `node_modules/plain-${PACKAGES - 1}`)
    expect(lines[0]).toContain(dir)
    expect(lines).toContain('135  MIT')
    expect(lines.at(-1)).toBe(join(dir, 'report.json'))
  })

  test('says how far it is in a pipe line by line, up to the last package', async () => {
    const lines = progress(await complete())
    expect(lines.length).toBeGreaterThan(10)
    expect(lines.length).toBeLessThanOrEqual(21)
    const all = packagesIn(PACKAGES)
    expect(lines.at(-1)).toBe(`read ${all} of ${all} packages, 1 could not be read`)
  })

  test('of a directory that is named leaves the report where it was started', async () => {
    const other = join(dir, 'other')
    mkdirSync(other)
    installPackages(other, 3)
    await complete(['other'])
    expect(report()).toMatchObject({ root: other, packages: packagesIn(3) })
  })

  test.for([
    [['nowhere'], 'no node_modules in'],
    [['--concurrency', 'many'], '--concurrency'],
    [['--concurency', '3'], '--concurency'],
    [['a', 'b'], 'one directory'],
  ] as const)('of %j is refused in a few plain lines', async ([args, expected]) => {
    const { code, stderr } = await audit(args).ended
    expect(code).toBe(2)
    expect(stderr).toContain(expected)
    expect(stderr).not.toContain('    at ')
    expect(stderr.trim().split('\n').length).toBeLessThanOrEqual(3)
  })
})

describe('an audit that was killed', () => {
  test.for([
    [1, '16', '16'],
    [9, '16', '2'],
    [15, '1', '40'],
  ] as const)(
    'at progress line %d goes on with the same command, repeats nothing that was recorded, and reports the same',
    async ([line, before, after]) => {
      await complete()
      const expected = report()
      rmSync(join(dir, 'report.json'))

      const killed = audit(
        ['--new', '--concurrency', before],
        at(line, (victim) => victim.kill('SIGKILL')),
      )
      expect(await killed.ended).toMatchObject({ signal: 'SIGKILL' })
      const [complete1, interrupted] = [...Map.groupBy(stepsDone(), ({ id }) => id).values()]
      expect(complete1).toHaveLength(STEPS)
      expect(interrupted!.length).toBeGreaterThan(0)
      expect(interrupted!.length).toBeLessThan(STEPS)

      const { lines } = await complete(['--concurrency', after])
      const id = interrupted![0]!.id
      expect(lines[0]).toBe(
        `continuing ${id}: ${interrupted!.length} of ${STEPS} steps were recorded before and are not repeated`,
      )
      expect(report()).toEqual(expected)
      const all = stepsDone().filter((entry) => entry.id === id)
      expect(all.slice(0, interrupted!.length)).toEqual(interrupted)
      expect(new Set(all.map(({ key }) => key)).size).toBe(all.length)
      expect(all).toHaveLength(STEPS)
    },
  )

  test('is not continued by an audit of another directory, nor by --new', async () => {
    const killed = audit(
      [],
      at(5, (victim) => victim.kill('SIGKILL')),
    )
    await killed.ended
    const other = join(dir, 'other')
    mkdirSync(other)
    installPackages(other, 3)
    expect((await complete(['other'])).lines[0]).toMatch(/^auditing /)
    expect((await complete(['--new'])).lines[0]).toMatch(/^auditing /)
    expect((await complete()).lines[0]).toMatch(/^auditing /)
  })
})

describe('an audit that is interrupted', () => {
  test.for([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('by %s ends with code %d, says how to go on, and goes on', async ([signal, expected]) => {
    const interrupted = audit(
      ['--concurrency', '3'],
      at(5, (victim) => victim.kill(signal)),
    )
    const { code, stderr } = await interrupted.ended
    expect(code).toBe(expected)
    expect(stderr).toContain('To continue: npm start -- --concurrency 3')
    const recorded = stepsDone().length
    expect(recorded).toBeLessThan(STEPS)
    const { lines } = await complete()
    expect(lines[0]).toContain(`: ${recorded} of ${STEPS} steps`)
    expect(stepsDone()).toHaveLength(STEPS)
  })
})

describe('an audit whose report cannot be written', () => {
  const blocked = (): string => join(dir, 'report.json')

  test('tries again, and succeeds when what stands in the way is gone', async () => {
    mkdirSync(blocked())
    const victim = audit([], (line) => {
      if (line === 'step "write report" failed and is tried again') rmdirSync(blocked())
    })
    expect(await victim.ended).toEqual({ code: 0, signal: null, stderr: '' })
    expect(report()).toMatchObject({ packages: packagesIn(PACKAGES) })
    expect(victim.lines).toContain('step "write report" failed and is tried again')
  })

  test('fails after the last try, and the same command goes on from there', async () => {
    mkdirSync(blocked())
    const { code, stderr } = await audit().ended
    expect(code).toBe(1)
    expect(stderr).toMatch(/^Step "write report" failed after 5 attempts: EISDIR/)
    expect(stderr).toContain('What was read is kept')
    rmdirSync(blocked())
    const { lines } = await complete()
    expect(lines[0]).toMatch(
      new RegExp(`: ${STEPS - 2} of ${STEPS} steps were recorded before and are not repeated$`),
    )
    expect(report()).toMatchObject({ packages: packagesIn(PACKAGES) })
  })
})
