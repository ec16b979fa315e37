import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { createConnection } from 'node:net'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const READY_WITHIN_MS = 30_000
const ASK_EVERY_MS = 20
const STOPPED_WITHIN_MS = 10_000
/** Characters of what a program prints. */
const KEPT = 100_000

/** The first of the directories of PATH, then of the given ones, that holds the program. */
export function findProgram(name: string, elsewhere: readonly string[] = []): string | undefined {
  const directories = [...(process.env.PATH ?? '').split(delimiter), ...elsewhere]
  return directories.map((directory) => join(directory, name)).find((path) => existsSync(path))
}

export const versionOf = (program: string): string =>
  /\d+\.[\d.]+/.exec(execFileSync(program, ['--version'], { encoding: 'utf8' }))?.[0] ?? 'unknown'

interface Start {
  readonly program: string
  readonly args: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly user?: { readonly uid: number; readonly gid: number } | undefined
  readonly ready: () => Promise<boolean>
  readonly stopWith: NodeJS.Signals
}

export interface Program {
  /** Resolves when it is gone. */
  readonly stop: () => Promise<void>
  /** With SIGKILL: nothing is said goodbye to. */
  readonly kill: () => Promise<void>
  /** Resolves when it has ended, by itself or not. */
  readonly gone: Promise<unknown>
  /** The end of what it printed. */
  readonly printed: () => string
}

/**
 * Starts a program and waits until it answers. It is killed when this process ends.
 * @throws with what it printed, if it does not answer
 */
export async function startProgram(start: Start): Promise<Program> {
  const child = spawn(start.program, start.args, {
    env: { ...process.env, ...start.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...start.user,
  })
  const stop = (signal: NodeJS.Signals) => stopProgram(child, signal)
  const gone = new Promise((resolve) => child.once('exit', resolve))
  const abandon = (): void => void child.kill('SIGKILL')
  process.once('exit', abandon)
  child.once('exit', () => process.off('exit', abandon))
  let printed = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => (printed = (printed + chunk).slice(-KEPT)))
  const failed = once(child, 'error').then(([error]) => (printed += String(error)))
  const until = performance.now() + READY_WITHIN_MS
  while (!(await start.ready())) {
    if (child.exitCode !== null || child.pid === undefined || performance.now() > until) {
      if (child.pid === undefined) await failed
      else await stop(start.stopWith)
      throw new Error(`${start.program} did not start: ${printed.slice(-2000).trim()}`)
    }
    await sleep(ASK_EVERY_MS)
  }
  return { stop: () => stop(start.stopWith), kill: () => stop('SIGKILL'), gone, printed: () => printed }
}

async function stopProgram(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill(signal)
  const timer = setTimeout(() => child.kill('SIGKILL'), STOPPED_WITHIN_MS)
  await gone
  clearTimeout(timer)
}

/** Whether somebody listens there. */
export async function listens(port: number): Promise<boolean> {
  const socket = createConnection(port, '127.0.0.1')
  const connected = await Promise.race([
    once(socket, 'connect').then(() => true),
    once(socket, 'error').then(() => false),
  ]).catch(() => false)
  socket.destroy()
  return connected
}

/** The sizes of all files below a directory. */
export function bytesIn(directory: string): number {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  return files.reduce((total, file) => total + statSync(join(file.parentPath, file.name)).size, 0)
}
