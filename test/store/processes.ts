/** Starts `child.ts`. */
import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const program = fileURLToPath(new URL('./child.ts', import.meta.url))

export interface Child {
  /** The next line that it says; fails when it ends before. */
  line(): Promise<string>
  tell(): void
  kill(): Promise<void>
}

export interface ChildOptions {
  /** Runs it as this user, which only root can. */
  readonly user?: number | undefined
  readonly env?: Readonly<Record<string, string>>
}

export function startChild(task: string, path: string, { user, env }: ChildOptions = {}): Child {
  const child = spawn(process.execPath, ['--no-warnings', program, task, path], {
    stdio: 'pipe',
    env: { ...process.env, ...env },
    ...(user !== undefined && { uid: user, gid: user }),
  })
  const kill = (): Promise<void> => end(child)
  onTestFinished(kill)
  let errors = ''
  child.stderr.on('data', (text) => (errors += String(text)))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    async line() {
      const { value, done } = await lines.next()
      if (done === true) throw new Error(`the child ended: ${errors}`)
      return value
    },
    tell: () => void child.stdin.write('go\n'),
    kill,
  }
}

/** Runs a command of the system to its end; throws when it fails. */
export function command(name: string, ...args: readonly string[]): void {
  execFileSync(name, args, { stdio: 'ignore' })
}

async function end(child: ChildProcessWithoutNullStreams): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

/** Makes the folder a disk of 3 MB, until the test has finished. @returns whether that is allowed here */
export function mountTmpfs(dir: string): boolean {
  try {
    command('mount', '-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', dir)
  } catch {
    return false
  }
  onTestFinished(() => command('umount', '--lazy', dir))
  return true
}
