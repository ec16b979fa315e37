import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'

export interface Victim {
  readonly process: ChildProcess
  /** Everything it said, line by line, so far. */
  readonly lines: readonly string[]
  /** Its end. `stderr` is all that it complained of. */
  readonly ended: Promise<{
    readonly code: number | null
    readonly signal: string | null
    readonly stderr: string
  }>
  kill(signal: NodeJS.Signals): void
}

export interface VictimOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** Options of Node.js itself. */
  readonly nodeOptions?: readonly string[]
  readonly onLine?: (line: string, victim: Victim) => void
}

/** A process of our own to be killed: a TypeScript program on this Node. */
export function startVictim(program: string, args: readonly string[], options: VictimOptions = {}): Victim {
  const { cwd, env, nodeOptions = [], onLine } = options
  const child = spawn(process.execPath, [...nodeOptions, program, ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const lines: string[] = []
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, stderr }))
  const victim: Victim = { process: child, lines, ended, kill: (signal) => void child.kill(signal) }
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line)
    onLine?.(line, victim)
  })
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return victim
}
