import { execFile } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'

// Every example, as a user starts it: on the built package, in an empty directory.
const folder = fileURLToPath(new URL('../../examples/', import.meta.url))
const files = globSync('*.ts', { cwd: folder }).sort()

/** Those that need no engine leave no file behind. */
const WITHOUT_ENGINE = new Set(['21-explore.ts'])

/** What each prints, to the letter. */
const PRINTS: Readonly<Record<string, readonly string[]>> = {
  '01-basic.ts': [
    '{',
    `  inventory: [ 'tea: in stock', 'cup: in stock' ],`,
    '  paid: true,',
    '  shipping: 5',
    '}',
  ],
  '02-named.ts': ['Ada has spent 42 and likes it dark'],
  '03-limits.ts': ['1 4 9 16 25 36 49 64 81 100', 'never more than 3 at once'],
  '04-fail-fast.ts': ['cover: Cancelled because a sibling failed (by "pages")', 'pages failed: no paper'],
  '05-settle.ts': [
    'sent to ada@example.org',
    'Step "mail nobody" failed after 1 attempt: not an address',
    'sent to bob@example.org',
  ],
  '06-race.ts': ['cache: answer from the cache'],
  '07-any-stagger.ts': ['asking the north', 'asking the east', 'found in the east'],
  '08-timeout-partial.ts': ['tea: a book; no answer from the archive'],
  '09-nested.ts': [
    '{',
    `  texts: [ 'Tea', 'and cups' ],`,
    '  numbers: [ 1, 2, 3 ],',
    `  chart: [ '###', '#', '##' ]`,
    '}',
  ],
  '10-fan-out-fan-in.ts': ['19 letters'],
  '11-conditional.ts': [`[ 'reserved' ]`, `[ 'approved', 'forms for SE', 'reserved' ]`],
  '12-child-workflows.ts': [`{ processed: 3, last: 'hello, user 3' }`],
  '13-retry-and-idempotency.ts': ['attempt 2: charged before', '1 charge in all'],
  '14-events-and-approval.ts': ['may 120 be spent?', '120 paid out, approved by Ada'],
  '15-sleep.ts': ['the tea is ready (not too early)'],
  '16-task-graph.ts': [
    'compiling',
    '{',
    `  test: 'tested the program',`,
    `  bundle: 'the program in en and no',`,
    `  document: 'documented in 2 languages'`,
    '}',
  ],
  '17-plain-promises.ts': ['{ prices: [ 37.5, 50 ], left: 12.5 }'],
  '18-cancellation.ts': [
    'removing what was sent of film.mp4',
    'run-cancelled: Cancelled with its run: the user closed the page',
    'cancelled',
  ],
  '19-crash-and-resume.ts': [
    'the first process takes the money',
    'the first process sends the tea',
    'the second process sends the tea',
    'paid in the first process, sent by the second process',
  ],
  '20-schema.ts': [
    'Ada owes 42',
    'customer: Too small: expected string to have >=1 characters',
    'amounts.0: Too small: expected number to be >0',
  ],
  '21-explore.ts': [
    'The output depends on the order in which things happen. Say `orderMatters: true` if it may (a race, the first of several failures); otherwise look for something that several branches read and write.',
    '',
    'In one order:',
    '  1. "parallel/0/price of tea" is done: 4',
    '  2. "parallel/1/price of cup" is done: 9',
    '  → output 9',
    'In the other:',
    '  1. "parallel/1/price of cup" is done: 9',
    '  2. "parallel/0/price of tea" is done: 4',
    '  → output 4',
    '',
    'Again, this alone: explore(…, { …, seed: 1, repeat: [["parallel/0/price of tea","parallel/1/price of cup"],["parallel/1/price of cup","parallel/0/price of tea"]] })',
    'sum: 2 orders, 5 crashes, always 13',
  ],
  '22-compensation.ts': [
    'calendar unlocked',
    'booked',
    'calendar unlocked',
    'cancelled: car for two (bad:book car!compensate)',
    'cancelled: hotel for two (bad:book hotel!compensate)',
    'cancelled: flight for two (bad:book flight!compensate)',
    'Step "pay" failed after 1 attempt: not enough money',
  ],
  '23-graph-of-tasks.ts': ['oven', 'flour', 'water', 'dough', 'bread'],
  '24-on-restate.ts': [
    '{',
    `  hotels: [ 'a room in Oslo', 'a room in Bergen', 'a room in Bodø' ],`,
    `  by: 'bus'`,
    '}',
  ],
}

beforeAll(() => {
  const dist = new URL('../../dist/index.js', import.meta.url)
  expect(existsSync(dist), 'npm run build comes first').toBe(true)
})

test('every example has an expectation, a line in the index, and at most 40 lines', () => {
  expect(files).toEqual(Object.keys(PRINTS))
  const index = readFileSync(join(folder, 'README.md'), 'utf8')
  for (const file of files) {
    expect(index).toContain(`(${file})`)
    expect(readFileSync(join(folder, file), 'utf8').trimEnd().split('\n').length).toBeLessThanOrEqual(40)
  }
})

describe('example', () => {
  test.for(files)('%s prints what it promises, complains of nothing, and ends', async (file) => {
    const cwd = mkdtempSync(join(tmpdir(), 'example-'))
    onTestFinished(() => rmSync(cwd, { recursive: true, force: true }))
    const env = { ...process.env, AI_WORKFLOWS_DIR: join(cwd, 'runs'), NO_COLOR: '1', FORCE_COLOR: undefined }
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [join(folder, file)], { cwd, env })
    expect(stderr).toBe('')
    expect(stdout.trimEnd().split('\n')).toEqual(PRINTS[file])
    expect(existsSync(join(cwd, 'runs', 'runs.db'))).toBe(!WITHOUT_ENGINE.has(file))
  })
})
