/** Loads after which nothing is left: no memory, no timer, no handle, no file descriptor, no listener. */
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

/** As large as in RELIABILITY.md: AI_WORKFLOWS_LOAD=10 */
const FACTOR = Number(process.env['AI_WORKFLOWS_LOAD'] ?? 1)

interface Left {
  readonly heap: number
  readonly resources: readonly string[]
  readonly descriptors: number
  readonly listeners: number
  readonly abortListeners: number
  readonly pending: number
}

interface Report {
  readonly right: readonly boolean[]
  readonly before: Left
  readonly after: Left
}

async function loaded(load: string, size: number, durability = 'process-crash'): Promise<Report> {
  const program = fileURLToPath(new URL('support/load.ts', import.meta.url))
  const args = ['--expose-gc', program, load, String(size), durability]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  return JSON.parse(await text(child.stdout)) as Report
}

test.each([
  ['1,000 runs at once, three steps each', 'runs', 1000, 'process-crash'],
  ['200 runs at once, three steps each, each commit synced', 'runs', 200, 'full'],
  ['10,000 steps in one group', 'steps', 10_000, 'process-crash'],
  ['24 hours of 20 runs that sleep five minutes at a time', 'day', 20, 'process-crash'],
] as const)(
  'R7: %s (times AI_WORKFLOWS_LOAD): every result is right, and nothing is left',
  async (_, load, size, durability) => {
    const { right, before, after } = await loaded(load, size * FACTOR, durability)
    expect(right).toEqual([true, true])
    for (const left of [before, after])
      expect(left).toMatchObject({ resources: [], abortListeners: 0, pending: 0 })
    expect(after.descriptors).toBe(before.descriptors)
    expect(after.listeners).toBe(before.listeners)
    // A second round of the same load adds nothing that grows with it: less than a hundred bytes for each step.
    expect(after.heap - before.heap).toBeLessThan(1_000_000)
  },
  600_000,
)
