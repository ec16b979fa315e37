/** Several processes on one file: in a cluster, stopped and continued, killed in turn (R3, R4). */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Mark, readEntries, readMarks, readRuns } from './support/books.ts'
import { receipt } from './support/orders.ts'
import { startVictim, type Victim } from './support/victim.ts'
import { folder } from '../support/folder.ts'

const program = (name: string): string => fileURLToPath(new URL(`./support/${name}.ts`, import.meta.url))

/** Resolves with the first line that begins so. */
async function line(victim: Victim, beginning: string): Promise<string> {
  for (;;) {
    const found = victim.lines.find((text) => text.startsWith(beginning))
    if (found !== undefined) return found
    await pause(5)
  }
}

/** Stops it at a moment when it does not hold the file's lock: nobody could write before it goes on. */
async function stop(victim: Victim, dir: string): Promise<void> {
  const db = new DatabaseSync(join(dir, 'runs.db'))
  onTestFinished(() => db.close())
  for (;;) {
    victim.kill('SIGSTOP')
    await pause(20) // a signal is not answered
    try {
      return db.exec('BEGIN IMMEDIATE; ROLLBACK')
    } catch {
      victim.kill('SIGCONT')
      await pause(20)
    }
  }
}

/** Calls of a step that another call follows, though their process was not killed. */
function repeated(marks: readonly Mark[], killed: ReadonlySet<number>): readonly Mark[] {
  return marks.filter(
    (mark, index) =>
      !killed.has(mark.pid) && marks.some((other, place) => place > index && other.step === mark.step),
  )
}

describe('R4: the processes of a cluster', () => {
  test('M12: start the same ids at once, execute each once, and go on with what a killed one left', async () => {
    const dir = folder()
    const marks = join(dir, 'marks')
    const primary = startVictim(program('cluster'), [dir, marks])
    while (primary.lines.length < 3) await pause(5)
    const [pids, [port]] = [
      primary.lines.map((text) => Number(text.split(' ')[0])),
      primary.lines.map((text) => text.split(' ')[1]),
    ]
    const ask = async (n: number): Promise<string> => {
      for (;;) {
        try {
          return await (await fetch(`http://127.0.0.1:${port}/${n}`, { method: 'POST' })).text()
        } catch {
          await pause(5) // whoever had the connection was killed
        }
      }
    }
    const orders = Array.from({ length: 24 }, (_, n) => n)
    const answers = Promise.all(orders.flatMap((n) => [ask(n), ask(n), ask(n)]))
    while (readMarks(marks).length < 20) await pause(5)
    const [victim = 0] = pids
    process.kill(victim, 'SIGKILL')
    expect(await answers).toEqual(orders.flatMap((n) => Array<string>(3).fill(receipt(n))))

    const calls = readMarks(marks)
    expect(repeated(calls, new Set([victim]))).toEqual([])
    expect(new Set(calls.map(({ pid }) => pid)).size).toBeGreaterThan(1)
    const runs = readRuns(dir)
    expect(runs.map(({ status, owner }) => `${status} ${owner}`)).toEqual(Array(72).fill('completed null'))
    expect(primary.lines).toHaveLength(3)
  })
})

describe('R3: a process that is stopped for longer than its lease', () => {
  test('cannot record what it still does, aborts its steps, and gives the outcome of the one that took over', async () => {
    const dir = folder()
    const stalled = startVictim(program('stalled'), [dir, 'slow'])
    await line(stalled, 'begun')
    await stop(stalled, dir)
    const other = startVictim(program('stalled'), [dir, 'quick'])
    expect(await line(other, 'result')).toBe('result slow,quick,quick')
    expect(await other.ended).toMatchObject({ code: 0, stderr: '' })
    const entries = readEntries(dir)

    writeFileSync(join(dir, 'go'), '')
    stalled.kill('SIGCONT')
    expect(await stalled.ended).toMatchObject({ code: 0, stderr: '' })
    expect(stalled.lines.filter((text) => !text.startsWith('warns')).toSorted()).toEqual([
      'aborted run-taken-over',
      'begun',
      'result slow,quick,quick',
      'returns',
    ])
    expect(stalled.lines.filter((text) => text.startsWith('warns')).length).toBeLessThanOrEqual(1)
    expect(readEntries(dir)).toEqual(entries)
    expect(entries.map(({ key }) => key).toSorted()).toEqual(['deaf', 'first', 'listens'])
  })
})

describe('R4 M9: parents and children in different processes', () => {
  test('go on and are told of each other when the process of either is killed, in turn', async () => {
    const dir = folder()
    const marks = join(dir, 'marks')
    const count = 4
    const crew = new Map<number, Victim>()
    const joinIn = (): void => {
      const victim = startVictim(program('order-worker'), [dir, marks, String(count)])
      crew.set(victim.process.pid ?? 0, victim)
    }
    for (let n = 0; n < 3; n++) joinIn()
    const killed = new Set<number>()
    /** Kills the process that has just begun such a step. */
    const killAt = async (such: RegExp): Promise<void> => {
      const seen = readMarks(marks).length
      for (;;) {
        const mark = readMarks(marks)
          .slice(seen)
          .find(({ step, pid }) => such.test(step) && crew.has(pid))
        if (mark !== undefined) {
          crew.get(mark.pid)?.kill('SIGKILL')
          crew.delete(mark.pid)
          killed.add(mark.pid)
          return joinIn()
        }
        await pause(5)
      }
    }
    for (const such of [/:reserve$/, /parcel.*pack$/, /parcel.*label$/]) await killAt(such)
    const open = (): boolean => readRuns(dir).some(({ status }) => status !== 'completed')
    while (open() || readRuns(dir).length < 3 * count) await pause(20)

    const calls = readMarks(marks)
    expect(repeated(calls, killed)).toEqual([])
    const outputs = readRuns(dir).filter(({ parent }) => parent === null)
    expect(outputs.map(({ output }) => output)).toEqual(
      Array.from({ length: count }, (_, n) => `j${JSON.stringify(receipt(n))}`),
    )
    const where = (step: string): number | undefined => calls.findLast((call) => call.step === step)?.pid
    const apart = Array.from({ length: count }, (_, n) => `order-${n}`).filter(
      (id) => where(`${id}:ship`) !== where(`${id}/parcel:label`),
    )
    expect(apart.length).toBeGreaterThan(0)
  })
})
