/** Code that takes its whole process with it, or keeps it from doing anything; and clocks that are set under real processes. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { readEntries, readRuns } from '../crash/support/books.ts'
import { folder } from '../support/folder.ts'

const program = fileURLToPath(new URL('support/processes.ts', import.meta.url))

interface Child {
  readonly process: ChildProcess
  readonly lines: string[]
  readonly ended: Promise<number | null>
  /** Resolves when it has said such a line. */
  said(pattern: RegExp): Promise<string>
}

function start(...args: string[]): Child {
  const child = fork(program, args, { stdio: ['ignore', 'pipe', 'ignore', 'ipc'], execArgv: [] })
  const lines: string[] = []
  const waiting = new Set<() => void>()
  createInterface({ input: child.stdout as NonNullable<ChildProcess['stdout']> }).on('line', (line) => {
    lines.push(line)
    for (const look of waiting) look()
  })
  const ended = once(child, 'close').then(([code]) => code as number | null)
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  const said = (pattern: RegExp): Promise<string> =>
    new Promise((resolve) => {
      const look = (): void => {
        const line = lines.find((one) => pattern.test(one))
        if (line === undefined) return
        waiting.delete(look)
        resolve(line)
      }
      waiting.add(look)
      look()
    })
  return { process: child, lines, ended, said }
}

const calls = (child: Child, key: string): number =>
  child.lines.filter((line) => line === `called ${key}`).length

test('R3, R4: an event loop blocked for longer than its lease: another process goes on, what the blocked one commits is refused, and it lives', async () => {
  const dir = folder()
  const blocked = start('first', dir, 'blocks the event loop')
  await blocked.said(/called .*deed/)
  const other = start('second', dir, 'blocks the event loop')
  const result = await other.said(/^blocks the event loop: /)
  expect(JSON.parse(result.slice(result.indexOf('{')))).toEqual({
    before: 'before',
    did: other.process.pid,
    after: 'after',
  })
  writeFileSync(join(dir, 'go on'), '')
  expect([await other.ended, await blocked.ended]).toEqual([0, 0])
  // Its own caller gets what the other recorded.
  expect(blocked.lines.find((line) => line.startsWith('result'))).toContain(`"did":${other.process.pid}`)
  expect(calls(other, 'blocks the event loop:before')).toBe(0)
  const keys = readEntries(dir).map(({ key }) => key)
  expect(new Set(keys).size).toBe(keys.length)
})

test('R4: a step that never returns keeps its own process, and no run: others take over what it had', async () => {
  const dir = folder()
  const stuck = start('first', dir, 'never returns', 'waits')
  await Promise.all([stuck.said(/called never returns:deed/), stuck.said(/called waits:before/)])
  const other = start('second', dir, 'never returns', 'waits')
  expect(await other.ended).toBe(0)
  expect(other.lines.filter((line) => line.includes('"after":"after"'))).toHaveLength(2)
  expect(readRuns(dir).map(({ status }) => status)).toEqual(['completed', 'completed'])
})

test.each([
  ['exits the process', 9],
  ['throws outside of everything', 7],
])('R1: a step that %s ends the process, and loses no run in it', async (deed, code) => {
  const dir = folder()
  const first = start('first', dir, 'waits', 'overflows the stack', deed)
  expect([code, 1, 7]).toContain(await first.ended)
  const ids = ['waits', 'overflows the stack', deed]
  expect(readRuns(dir)).toHaveLength(ids.length)
  const second = start('second', dir, 'waits', deed)
  expect(await second.ended).toBe(0)
  expect(second.lines.filter((line) => line.includes('"after":"after"'))).toHaveLength(2)
  const recorded = readEntries(dir).map(({ id, key }) => `${id}:${key}`)
  expect(new Set(recorded).size).toBe(recorded.length)
  for (const id of ids)
    expect(calls(first, `${id}:before`) + calls(second, `${id}:before`)).toBeGreaterThan(0)
})

test('D6, R4: a wall clock set a day forward, back, and forward again under two processes, one after the other: no run changes hands', async () => {
  const dir = folder()
  const first = start('first', dir, 'waits')
  await first.said(/called waits:deed/)
  const second = start('second', dir, 'waits')
  await second.said(/^working/)
  for (const ahead of [86_400_000, -86_400_000, 86_400_001])
    for (const one of [first, second]) {
      one.process.send(ahead)
      await one.said(new RegExp(`^set ${ahead}`))
    }
  writeFileSync(join(dir, 'go on'), '')
  const result = await second.said(/^waits: /)
  expect(result).toContain(`"did":${first.process.pid}`)
  expect([await first.ended, await second.ended]).toEqual([0, 0])
  expect([calls(first, 'waits:deed'), calls(second, 'waits:deed')]).toEqual([1, 0])
})
