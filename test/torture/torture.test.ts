/** A short torture, and what the checker says of books that were tampered with. `npm run torture` is the long one. */
import { appendFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { check } from './check.ts'
import { Pool } from './pool.ts'
import { type Played, Round } from './round.ts'
import { torment } from './torment.ts'

const ROUNDS = Number(process.env['AI_WORKFLOWS_TORTURE_ROUNDS'] ?? 16)

test(
  'R1 R2 R3 R4: processes that are killed and stopped lose and repeat nothing',
  { timeout: 240_000 },
  async () => {
    const minutes = ROUNDS / 45 // a slow machine tries less
    const { counts, failures } = await torment({ rounds: ROUNDS, seed: 1, processes: 4, lanes: 4, minutes })
    expect(failures).toEqual([])
    const { deaths, takeovers, calls, recorded, cutOff, unrecorded, fenced, givenUp } = counts
    expect(calls).toBe(recorded + cutOff + unrecorded + fenced + givenUp)
    expect(Math.min(deaths, takeovers, recorded, cutOff + unrecorded)).toBeGreaterThan(0)
  },
)

describe('the checker notices', () => {
  let played: Played

  beforeAll(async () => {
    const pool = new Pool(1)
    played = await new Round(15, 1, pool).play()
    await pool.end()
  })
  afterAll(() => rmSync(played.dir, { recursive: true, force: true }))

  /** What it says of a copy of the round in which something was changed. */
  function problemsAfter(tamper: (dir: string, db: DatabaseSync) => void): string {
    const dir = mkdtempSync(join(tmpdir(), 'tampered-'))
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
    cpSync(played.dir, dir, { recursive: true })
    const db = new DatabaseSync(join(dir, 'runs.db'))
    tamper(dir, db)
    db.close()
    return check({ ...played, dir }).problems.join('\n')
  }

  /** Adds a line like one of the log, later than all others. */
  function relive(dir: string, choose: (line: Record<string, unknown>) => boolean, change: object): void {
    const [name = ''] = readdirSync(dir).filter((file) => file.endsWith('.log'))
    const lines = readFileSync(join(dir, name), 'utf8').trim().split('\n')
    const parsed = lines.map((text) => JSON.parse(text) as Record<string, unknown>)
    const line = parsed.findLast(choose)
    if (line === undefined) throw new Error('there is no such line')
    const at = String(process.hrtime.bigint())
    appendFileSync(join(dir, name), `${JSON.stringify({ ...line, at, ...change })}\n`)
  }

  test('nothing in a round that went well', () => {
    expect(problemsAfter(() => undefined)).toBe('')
  })

  test('an entry that is lost', () => {
    const problems = problemsAfter((_dir, db) =>
      db.exec(`
        DELETE FROM journal WHERE seq = 1 AND run = (
          SELECT run FROM journal GROUP BY run ORDER BY count(*) DESC LIMIT 1)`),
    )
    expect(problems).toContain('entry 2 of the journal is at place 1')
  })

  test('the end of a journal that is lost, though somebody saw it', () => {
    const problems = problemsAfter((_dir, db) =>
      db.exec(`
        DELETE FROM journal WHERE rowid = (
          SELECT max(journal.rowid) FROM journal JOIN runs ON runs.no = journal.run
          WHERE runs.status = 'completed' AND runs.parent IS NULL)`),
    )
    expect(problems).toMatch(/by its journal it must with/)
    expect(problems).toMatch(/saw .* where the journal says/)
  })

  test('an outcome that is another', () => {
    const problems = problemsAfter((_dir, db) =>
      db.exec(
        `UPDATE journal SET payload = 'j"other"' WHERE rowid = (SELECT min(rowid) FROM journal WHERE kind = 'step-done')`,
      ),
    )
    expect(problems).toContain('succeeded with j"other"')
  })

  test('a run that has not ended, and one that ended in another way', () => {
    expect(problemsAfter((_dir, db) => db.exec(`UPDATE runs SET status = 'running'`))).toContain('ended with')
    expect(
      problemsAfter((_dir, db) =>
        db.exec(`UPDATE runs SET output = 'j[]', error = NULL, status = 'completed'`),
      ),
    ).toContain('ended with {"status":"completed","value":[]}')
  })

  test('a recorded step that is called again', () => {
    const problems = problemsAfter((dir) => relive(dir, ({ what }) => what === 'begin', { seq: 0, pid: 1 }))
    expect(problems).toContain('was called by no execution')
    expect(problemsAfter((dir) => relive(dir, ({ what }) => what === 'begin', { seq: 1_000 }))).toContain(
      'had recorded its outcome',
    )
  })

  test('an epoch that has two owners', () => {
    const problems = problemsAfter((dir) => relive(dir, ({ what }) => what === 'execute', { pid: 1 }))
    expect(problems).toContain('is executed by 1 under epoch')
  })

  test('an event that was accepted, and is lost', () => {
    const accepted = ['run0 event never']
    expect(check({ ...played, accepted }).problems).toEqual(['run0 event never: was accepted, and is lost'])
  })
})
