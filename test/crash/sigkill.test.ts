import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { createEngine, memoryStore } from '../../src/index.ts'
import { type Entry, type Mark, readEntries, readMarks, readRuns } from './support/books.ts'
import { everything } from './support/everything.ts'
import { seeded } from './support/seeded.ts'
import { startVictim, type Victim } from './support/victim.ts'

// A real process, a real file, SIGKILL at random moments. More rounds: AI_WORKFLOWS_CRASH_ROUNDS=1000
const ROUNDS = Number(process.env['AI_WORKFLOWS_CRASH_ROUNDS'] ?? 24)
const program = fileURLToPath(new URL('./support/program.ts', import.meta.url))

interface Chance {
  readonly first: string
  readonly seen: string
  readonly fast: string
  readonly sawFast: string
}
type Result = Readonly<Record<string, unknown>> & { readonly chance: Chance }

/** What a run gives that nobody interrupts, and which steps it calls. */
const undisturbed = { result: {} as Result, steps: new Set<string>() }

beforeAll(async () => {
  const dir = temporary()
  const quiet = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  const engine = createEngine({ store: memoryStore() })
  const run = await everything(join(dir, 'marks')).start(4, { id: 'run', engine })
  await run.signal('go', 'went')
  undisturbed.result = (await run.result()) as Result
  await engine.stop()
  quiet.mockRestore()
  undisturbed.steps = new Set(readMarks(join(dir, 'marks')).map(({ step }) => step))
  rmSync(dir, { recursive: true })
})

describe('R1: killed at random moments and started again', () => {
  test.for(Array.from({ length: ROUNDS }, (_, round) => round + 1))('seed %d', async (seed) => {
    const random = seeded(seed)
    const dir = temporary()
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
    const marks = join(dir, 'marks')

    let books = read(dir)
    for (let kills = 0; ; kills++) {
      const victim = startVictim(program, [dir, marks, 'run'], { onLine: killer(random) })
      const { code, signal, stderr } = await victim.ended
      expect(stderr).toBe('')
      const after = read(dir)
      checkJournal(books.entries, after.entries)
      checkCalls(books, after)
      checkOrder(after)
      books = after
      if (signal === 'SIGKILL') continue
      expect(code).toBe(0)
      checkEnd(victim, books, dir)
      expect(kills).toBeGreaterThan(0)
      return
    }
  })
})

interface Books {
  readonly entries: readonly Entry[]
  readonly marks: readonly Mark[]
}

function read(dir: string): Books {
  return { entries: readEntries(dir), marks: readMarks(join(dir, 'marks')) }
}

function temporary(): string {
  return mkdtempSync(join(tmpdir(), 'sigkill-'))
}

/** Kills when so many steps have begun, and a moment later: some of them will have ended, and some been recorded. */
function killer(random: () => number): (line: string, victim: Victim) => void {
  let left = 1 + Math.floor(random() * 45)
  const moment = random() * 6
  return (_line, victim) => {
    if (--left > 0) return
    if (moment < 1) victim.kill('SIGKILL')
    else setTimeout(() => victim.kill('SIGKILL'), moment)
  }
}

/** What was recorded is there still, unchanged, and every journal counts from 1 without a gap. */
function checkJournal(before: readonly Entry[], after: readonly Entry[]): void {
  const kept = new Map(after.map((entry) => [`${entry.id} ${entry.seq}`, entry]))
  for (const entry of before) expect(kept.get(`${entry.id} ${entry.seq}`)).toEqual(entry)
  for (const entries of Map.groupBy(after, (entry) => entry.id).values())
    expect(entries.map(({ id, seq }) => [id, seq])).toEqual(entries.map(({ id }, index) => [id, index + 1]))
}

/** No call of what had been recorded when the process began; within one process, none twice. */
function checkCalls(before: Books, after: Books): void {
  const recorded = new Map<string, number>()
  for (const { id, kind, key, attempt, retry_at } of before.entries) {
    if (kind === 'step-done' || kind === 'step-failed')
      recorded.set(`${id}:${key}`, retry_at === null ? Number.POSITIVE_INFINITY : (attempt ?? 0))
  }
  const calls = after.marks.slice(before.marks.length)
  expect(calls.filter(({ step, attempt }) => attempt <= (recorded.get(step) ?? 0))).toEqual([])
  const distinct = new Set(calls.map(({ step, attempt }) => `${step} ${attempt}`))
  expect(distinct.size).toBe(calls.length)
  expect(new Set(calls.map(({ pid }) => pid)).size).toBeLessThanOrEqual(1)
}

/** Which steps begin only after which others. */
const NEEDS: readonly (readonly [string, ...string[]])[] = [0, 1, 2, 3].flatMap((n) => {
  const nested = (name: string): string => `run:nested/${n}/${name}`
  const child = (name: string): string => `run/child${n === 0 ? '' : `#${n + 1}`}:${name}`
  return [
    [nested('a'), nested('first')],
    [nested('last'), nested('a'), nested('b'), nested('c')],
    [child('right'), child('left')],
    [child('last'), child('right')],
    ...(n === 0 ? [] : [[`run:then ${n}`, `run:helper ${n}`] as const]),
  ] as const
})

/** R2: a step that needs another's outcome begins only when that is on disk. */
function checkOrder({ entries, marks }: Books): void {
  const called = new Set(marks.map(({ step }) => step))
  const recorded = new Set(entries.map(({ id, key }) => `${id}:${key}`))
  const begun = NEEDS.filter(([step]) => called.has(step))
  const early = begun.filter(([, ...needed]) => !needed.every((one) => recorded.has(one)))
  expect(early).toEqual([])
}

/** Everything was done, nothing else was, and the result is the one of a run that nobody interrupts. */
function checkEnd({ lines }: Victim, { entries, marks }: Books, dir: string): void {
  const { chance, ...result } = JSON.parse(lines.at(-1)?.replace(/^result /, '') ?? '') as Result
  const { chance: _, ...expected } = undisturbed.result
  expect(result).toEqual(JSON.parse(JSON.stringify(expected)))
  expect([chance.seen, chance.sawFast]).toEqual([chance.first, chance.fast])

  const called = new Set(marks.map(({ step }) => step))
  expect(called).toEqual(undisturbed.steps)
  expect(NEEDS.flat().filter((step) => !called.has(step))).toEqual([])
  const keys = entries.map(
    ({ id, key, kind, attempt }) => `${id}:${key} ${kind === 'step-failed' ? attempt : ''}`,
  )
  expect(new Set(keys).size).toBe(keys.length)
  expect(readRuns(dir).map(({ status, owner }) => [status, owner])).toEqual(
    Array.from({ length: 5 }, () => ['completed', null]),
  )
}
