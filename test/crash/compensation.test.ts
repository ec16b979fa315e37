import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { type Entry, type Mark, readEntries, readMarks, readRuns } from './support/books.ts'
import { seeded } from './support/seeded.ts'
import { startVictim, type Victim } from './support/victim.ts'
import { folder } from '../support/folder.ts'

// A real process, a real file, SIGKILL while it undoes. More rounds: AI_WORKFLOWS_CRASH_ROUNDS=100
const ROUNDS = Number(process.env['AI_WORKFLOWS_CRASH_ROUNDS'] ?? 3)
const program = fileURLToPath(new URL('./support/saga.ts', import.meta.url))

const STEPS = 8

describe('R1: killed while it undoes what it did, and started again', () => {
  test.for(Array.from({ length: ROUNDS }, (_, round) => round + 1))('seed %d', async (seed) => {
    const random = seeded(seed)
    const dir = folder()
    const marks = join(dir, 'marks')

    let recorded: string[] = []
    let called = 0
    let kills = 0
    for (let code: number | null = null; code === null; kills++) {
      const victim = startVictim(program, [dir, marks, 'run'], { onLine: killer(random) })
      const ended = await victim.ended
      expect(ended.stderr).toBe('')
      code = ended.signal === 'SIGKILL' ? null : ended.code
      const all = readMarks(marks)
      // Nothing that was recorded as undone when this process began was undone by it again.
      expect(compensations(all.slice(called)).filter((key) => recorded.includes(key))).toEqual([])
      const now = undone(readEntries(dir))
      expect(now.slice(0, recorded.length)).toEqual(recorded)
      recorded = now
      called = all.length
      if (code !== null) expect(victim.lines.at(-1)).toMatch(/^result Step "pay" failed .*no money/)
    }

    expect(kills).toBeGreaterThan(1)
    const entries = readEntries(dir)
    const done = entries.flatMap(({ kind, key }) => (kind === 'step-done' && !key.includes('!') ? [key] : []))
    expect(done).toHaveLength(STEPS)
    expect(recorded).toEqual(done.toReversed())
    expect(readRuns(dir).map(({ status }) => status)).toEqual(['failed'])
  })
})

/** Steps that are recorded as undone, in the order of the journal. */
function undone(entries: readonly Entry[]): string[] {
  return entries.flatMap(({ kind, key }) =>
    kind === 'step-done' && key.endsWith('!compensate') ? [key.replace('!compensate', '')] : [],
  )
}

/** Keys of the steps whose compensations were called. */
function compensations(marks: readonly Mark[]): string[] {
  return marks.flatMap(({ step }) => /^run:(.+)!compensate$/.exec(step)?.[1] ?? [])
}

/** Kills when one to three compensations have begun, and a moment later: the last of them may have been recorded. */
function killer(random: () => number): (line: string, victim: Victim) => void {
  let left = 1 + Math.floor(random() * 3)
  const moment = random() * 5
  return (line, victim) => {
    if (!line.includes('!compensate') || --left > 0) return
    if (moment < 1) victim.kill('SIGKILL')
    else setTimeout(() => victim.kill('SIGKILL'), moment)
  }
}
