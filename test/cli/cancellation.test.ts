import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { LIBRARY, place, type Place } from './support/cli.ts'

/** A process that executes runs, is told what to do by lines, and says by lines what it has done. */
async function worker(at: Place, body: string) {
  const file = at.write(
    'worker.ts',
    `import { createInterface } from 'node:readline'
     import { createEngine, parallel, race, step, workflow } from '${LIBRARY}'
     const engine = createEngine({ abortGrace: 100 })
     const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
     engine.on('*', (event) => event.kind === 'step.zombie' && console.log('zombie ' + event.key))
     ${body}`,
  )
  const child = spawn(process.execPath, ['--no-warnings', file], {
    cwd: at.dir,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let complaints = ''
  child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()))
  const said = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    pid: child.pid,
    child,
    say: (line: string) => void child.stdin.write(`${line}\n`),
    next: async (): Promise<unknown> => (await said.next()).value,
    complaints: () => complaints,
  }
}

const RACE = `
  let letGo
  const flow = workflow({
    name: 'w',
    execute: () => race([
      step('deaf', () => new Promise((resolve) => (letGo = resolve))),
      step('quick', () => new Promise((resolve) => setImmediate(resolve, 'quick'))),
    ]),
  })
  await flow.run(undefined, { id: 'r', engine })
  await lines.next()
  letGo()
  setTimeout(() => console.log('let go'), 100)
  await lines.next()`

test('show names the steps of another process that ignore their signal, for how long, and why, until they end', async () => {
  const at = place()
  const other = await worker(at, RACE)
  expect(await other.next()).toBe('zombie deaf')
  const shown = await at.json<{ status: string; zombies: object[] }>('show', 'r')
  expect(shown).toMatchObject({
    status: 'completed',
    zombies: [
      {
        step: 'deaf',
        key: 'deaf',
        attempt: 1,
        reason: { kind: 'race-lost', by: 'quick' },
        pid: other.pid,
      },
    ],
  })
  const { stdout } = await at.cli('show', 'r')
  expect(stdout).toMatch(/Ignoring their signal \(1\): given up, and still running/)
  expect(stdout).toMatch(
    new RegExp(
      `\\n  deaf +1 +[\\d.]+ m?s +${other.pid} +Cancelled because another branch won \\(by "quick"\\)\\n`,
    ),
  )
  expect(other.complaints()).toMatch(/Step "deaf" of run "r" ignores its signal/)
  other.say('let go')
  expect(await other.next()).toBe('let go')
  expect(await at.json('show', 'r')).toMatchObject({ zombies: [] })
  expect((await at.cli('show', 'r')).stdout).not.toContain('Ignoring')
})

test('a process that is killed takes its zombies with it', async () => {
  const at = place()
  const other = await worker(at, RACE)
  expect(await other.next()).toBe('zombie deaf')
  other.child.kill('SIGKILL')
  await once(other.child, 'close')
  expect(await at.json('show', 'r')).toMatchObject({ status: 'completed', zombies: [] })
})

test('cancel ends a blocked run at once, and without its code', async () => {
  const at = place()
  const source = (body: string): string =>
    `import { step, workflow } from '${LIBRARY}'
     export const w = workflow({ name: 'w', execute: async (ctx) => { ${body} } })`
  at.write('w.ts', source(`await step('a', () => 1); console.log('ready'); await ctx.sleep('1d')`))
  const running = at.start(['run', 'w.ts', '--id', 'r'])
  await running.line(/ready/)
  running.kill('SIGKILL')
  await running.ended
  at.write('w.ts', source(''))
  const first = await at.cli('cancel', 'r')
  expect(first.code).toBe(4)
  expect(first.stderr).toContain('Or end it without executing its code: ai-workflows cancel r\n')
  at.write('w.ts', 'nothing that loads')
  const { code, stderr } = await at.cli('cancel', 'r', '--reason', 'given up')
  expect([code, stderr]).toEqual([0, expect.stringContaining('Run r is cancelled\n')])
  expect(await at.json('show', 'r')).toMatchObject({
    status: 'cancelled',
    error: { kind: 'run-cancelled', cause: 'given up' },
  })
})
