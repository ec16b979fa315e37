/** The command line, as a user has it: a process of its own, in a directory of its own. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

export const main: string = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url))
/** For workflow files that a test writes. */
export const LIBRARY: string = new URL('../../../src/index.ts', import.meta.url).href

export function fixture(name: string): string {
  return fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url))
}

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly pid: number
  /** Resolves with the first line on standard error that fits, also one that came before. */
  line(pattern: RegExp): Promise<string>
  /** The same on standard output. */
  output(pattern: RegExp): Promise<string>
  kill(signal: NodeJS.Signals): void
  readonly ended: Promise<Ended>
}

export interface Place {
  readonly dir: string
  path(name: string): string
  write(name: string, text: string): string
  /** Lines of a file, without the last line's end; none if there is no file. */
  lines(name: string): string[]
  start(args: readonly string[], options?: StartOptions): Running
  /** Runs the command to its end. */
  cli(...args: readonly string[]): Promise<Ended>
  /** What a command prints with `--json`. */
  json<T>(...args: readonly string[]): Promise<T>
}

export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: string
  /** Runs it as this user, which only root can. */
  readonly uid?: number
}

export function place(): Place {
  const dir = mkdtempSync(join(tmpdir(), 'cli-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  const path = (name: string): string => join(dir, name)
  const start = (args: readonly string[], options: StartOptions = {}): Running => launch(dir, args, options)
  return {
    dir,
    path,
    write(name, text) {
      mkdirSync(dirname(path(name)), { recursive: true })
      writeFileSync(path(name), text)
      return path(name)
    },
    lines: (name) => (existsSync(path(name)) ? readFileSync(path(name), 'utf8').trimEnd().split('\n') : []),
    start,
    cli: (...args) => start(args).ended,
    json: async <T>(...args: readonly string[]) =>
      JSON.parse((await start([...args, '--json']).ended).stdout) as T,
  }
}

/** One line, the code, and nothing that looks like a stack. */
export function complaint({ stderr }: Ended): string {
  const lines = stderr.trimEnd().split('\n')
  const [last = ''] = lines.slice(-1)
  return lines.length === 1 && !/^\s+at /m.test(stderr) ? last : `not one line:\n${stderr}`
}

function launch(cwd: string, args: readonly string[], { env, stdin = '', uid }: StartOptions): Running {
  const { AI_WORKFLOWS_DIR: _dir, FORCE_COLOR: _color, DEBUG: _debug, ...inherited } = process.env
  const child = spawn(process.execPath, [main, ...args], {
    cwd,
    env: { ...inherited, NO_COLOR: '1', ...env },
    stdio: 'pipe',
    ...(uid === undefined ? {} : { uid, gid: uid }),
  })
  child.stdin.on('error', () => undefined) // it may have ended without reading
  child.stdin.end(stdin)
  const ended = end(child)
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return {
    pid: child.pid ?? -1,
    line: lineReader(child.stderr, ended),
    output: lineReader(child.stdout, ended),
    kill: (signal) => void child.kill(signal),
    ended,
  }
}

function end(child: ChildProcessWithoutNullStreams): Promise<Ended> {
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
}

function lineReader(stream: Readable, ended: Promise<Ended>): Running['line'] {
  let seen = ''
  const listeners = new Set<() => void>()
  stream.on('data', (text: string) => {
    seen += text
    for (const listener of listeners) listener()
  })
  return (pattern) =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = seen
          .split('\n')
          .slice(0, -1)
          .find((line) => pattern.test(line))
        if (found === undefined) return
        listeners.delete(look)
        resolve(found)
      }
      listeners.add(look)
      look()
      ended.then(
        ({ code }) => reject(new Error(`ended with ${code} before ${String(pattern)}:\n${seen}`)),
        reject,
      )
    })
}
