import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { startVictim, type Victim } from './support/victim.ts'
import { folder } from '../support/folder.ts'

/** The default is sized for every run of the tests. RELIABILITY.md has the figures of 100,000. */
const RUNS = Number(process.env['AI_WORKFLOWS_WAITING_RUNS'] ?? 3000)

const program = fileURLToPath(new URL('support/waiting.ts', import.meta.url))

interface Cost {
  readonly heap: number
  readonly timers: number
}

function said({ lines }: Victim, line: number): unknown {
  return JSON.parse(lines[line] ?? 'null')
}

function lines(victim: Victim, count: number): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (victim.lines.length >= count) resolve()
      else setImmediate(look)
    }
    look()
  })
}

test(
  'R7: many runs that sleep or wait for an event cost disk, not memory or timers, and outlive their process',
  { timeout: 60_000 + RUNS * 10 },
  async () => {
    const dir = folder()
    const first = startVictim(program, [dir, 'start', String(RUNS)], { nodeOptions: ['--expose-gc'] })
    await Promise.race([lines(first, 2), first.ended.then(({ stderr }) => Promise.reject(new Error(stderr)))])
    const [before, after] = [said(first, 0) as Cost, said(first, 1) as Cost]
    // Of 3,000 that execute it would be some 25 MB.
    expect(after.heap - before.heap).toBeLessThan(11_000_000 + RUNS * 1000)
    expect(after.timers).toBeLessThan(6)
    first.kill('SIGKILL')
    await first.ended

    const second = startVictim(program, [dir, 'look after'], { nodeOptions: ['--expose-gc'] })
    const { code, stderr } = await second.ended
    expect([code, stderr]).toEqual([0, ''])
    expect(said(second, 0)).toMatchObject({ result: 1 })
    expect(said(second, 1)).toEqual({ running: 0 })
    const db = new DatabaseSync(join(dir, 'runs.db'))
    const counts = db.prepare('SELECT status, count(*) AS n FROM runs GROUP BY status').all()
    db.close()
    expect(counts).toEqual([
      { status: 'completed', n: 2 },
      { status: 'waiting', n: RUNS - 1 },
    ])
  },
)
