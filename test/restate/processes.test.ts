import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { restate } from 'ai-workflows/restate'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { register } from './support/admin.ts'
import { ownDirectory } from './support/home.ts'
import { noRestate, type Restate, startRestate, why } from './support/node.ts'
import { type Proxy, startProxy } from './support/proxy.ts'
import { spread } from './support/spread.ts'

const program = fileURLToPath(new URL('support/worker.ts', import.meta.url))
const [whole] = spread(() => Promise.reject(new Error('executed where it was only started')))

interface Worker {
  readonly pid: number
  readonly port: number
  kill(): Promise<void>
}

async function startWorker(file: string): Promise<Worker> {
  const args = ['--conditions', 'source', program, '', '', '0', file]
  const child: ChildProcessByStdio<null, Readable, null> = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  onTestFinished(kill)
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return { pid: child.pid ?? 0, port: Number(line.toString()), kill }
}

async function proxied(workers: readonly Worker[]): Promise<Proxy> {
  const proxy = await startProxy(workers.map(({ port }) => port))
  onTestFinished(() => proxy.stop())
  return proxy
}

/** What the steps wrote: who began or ended what. */
function written(file: string): { readonly pid: number; readonly event: string; readonly what: string }[] {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
  return lines.map((line) => {
    const [pid, event = '', what = ''] = line.split(' ')
    return { pid: Number(pid), event, what }
  })
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10))
}

describe.skipIf(noRestate)(`two service processes behind one address${why}`, () => {
  let node: Restate
  beforeAll(async () => {
    node = await startRestate()
  })
  afterAll(() => node.stop())

  test('both execute the children of one parent (M9)', async () => {
    const file = join(ownDirectory(), 'written')
    const workers = [await startWorker(file), await startWorker(file)]
    const proxy = await proxied(workers)
    await register(node.admin, proxy.url)
    const engine = restate({ ingress: node.ingress, admin: node.admin })
    expect(await whole.run({ children: 12, ms: 20 }, { engine })).toBe(66)
    const began = written(file).filter(({ event }) => event === 'begin')
    expect(new Set(began.map(({ pid }) => pid))).toEqual(new Set(workers.map(({ pid }) => pid)))
    expect(began.map(({ what }) => what).toSorted()).toEqual(
      Array.from({ length: 12 }, (_, n) => [`${n}/first`, `${n}/second`])
        .flat()
        .toSorted(),
    )
  })

  test('one is killed: the other goes on with its runs, and repeats no step that had ended and was followed by another (R1)', async () => {
    const file = join(ownDirectory(), 'written')
    const workers = [await startWorker(file), await startWorker(file)]
    const proxy = await proxied(workers)
    await register(node.admin, proxy.url)
    const engine = restate({ ingress: node.ingress, admin: node.admin })
    const run = await whole.start({ children: 12, ms: 40 }, { engine })
    await until(() => written(file).filter(({ event }) => event === 'end').length >= 8)
    const [victim] = workers
    await victim?.kill()
    expect(await run.result()).toBe(66)
    const all = written(file)
    const recorded = new Set(
      all.filter(({ what }) => what.endsWith('second')).map(({ what }) => what.split('/')[0]),
    )
    expect(recorded.size).toBe(12)
    for (const n of recorded) {
      const second = all.findIndex(({ event, what }) => event === 'begin' && what === `${n}/second`)
      expect(all.slice(second).some(({ event, what }) => event === 'begin' && what === `${n}/first`)).toBe(
        false,
      )
    }
  })

  test('all are killed, and the server too: the run ends when they are back', async () => {
    const file = join(ownDirectory(), 'written')
    const worker = await startWorker(file)
    const proxy = await proxied([worker])
    await register(node.admin, proxy.url)
    const engine = restate({ ingress: node.ingress, admin: node.admin })
    const run = await whole.start({ children: 6, ms: 30 }, { engine })
    const result = run.result() // asked while all of it goes away
    await until(() => written(file).some(({ event }) => event === 'end'))
    await Promise.all([worker.kill(), node.kill()])
    const next = await startWorker(file)
    proxy.remove(worker.port)
    proxy.add(next.port)
    await node.restart()
    expect(await result).toBe(15)
  })
})
