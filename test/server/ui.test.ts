import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { request } from 'node:http'
import { createServer } from 'node:net'
import { chmodSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test, vi } from 'vitest'
import { complaint, LIBRARY, main, place, type Place } from '../cli/support/cli.ts'
import { stream } from './support/stream.ts'

const FLOW = `import { workflow } from ${JSON.stringify(LIBRARY)}
  export const flow = workflow({ name: 'flow', execute: () => 42 })`

/** Starts the command, and gives the address that it prints. */
async function ui(at: Place, ...args: string[]) {
  const running = at.start(['ui', '--no-open', '--port', '0', '--json', ...args])
  await running.line(/Ctrl-C stops/)
  return running
}

// The address is on standard output, which is known at the end alone: a fixed port is given where it is needed before.
async function served(at: Place, ...args: string[]) {
  const port = await freePort()
  const running = at.start(['ui', '--no-open', '--port', String(port), ...args])
  await running.line(/Ctrl-C stops/)
  const address = `http://127.0.0.1:${port}`
  return { ...running, address, get: (path: string) => json(address + path) }
}

// oxlint-disable-next-line no-explicit-any -- tests look at whatever came
async function json(address: string): Promise<any> {
  return await (await fetch(address)).json()
}

function freePort(host = '127.0.0.1'): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, host, () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

test('it prints its address, and Ctrl-C ends it', async () => {
  const running = await ui(place())
  running.kill('SIGINT')
  const { code, stdout } = await running.ended
  expect(code).toBe(0)
  expect(JSON.parse(stdout).address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/)
})

test('who only looks creates nothing, is told so, and sees the runs when there are some', async () => {
  const at = place()
  at.write('flow.ts', FLOW)
  const { get, address } = await served(at)
  const changes = await stream(`${address}/api/changes`)
  expect((await changes.until(({ event }) => event === 'trouble')).data.error.message).toContain(
    'There is no run database',
  )
  expect((await get('/api/runs')).error).toMatchObject({ code: 'STORE' })
  expect(existsSync(at.path('.ai-workflows'))).toBe(false)
  await at.cli('run', 'flow.ts', '--id', 'r')
  await changes.until(({ event }) => event === 'list')
  expect((await get('/api/runs')).runs).toMatchObject([{ id: 'r', status: 'completed' }])
})

test('a database that is moved away is missed, and shown when it is back', async () => {
  const at = place()
  at.write('flow.ts', FLOW)
  await at.cli('run', 'flow.ts', '--id', 'r')
  const { get } = await served(at)
  expect((await get('/api/runs')).runs).toHaveLength(1)
  renameSync(at.path('.ai-workflows'), at.path('away'))
  expect((await get('/api/runs')).error.message).toMatch(/is gone: bring it back/)
  renameSync(at.path('away'), at.path('.ai-workflows'))
  expect((await get('/api/runs')).runs).toHaveLength(1)
})

test.for([
  ['empty', '', /is empty/],
  [
    'none',
    'no database at all, but text that is longer than a header is, and then some more of it',
    /not a database/,
  ],
] as const)('a file that is %s is said to be', async ([, text, message]) => {
  const at = place()
  at.write('.ai-workflows/runs.db', text)
  const { get } = await served(at)
  expect((await get('/api/runs')).error.message).toMatch(message)
  expect(existsSync(at.path('.ai-workflows/runs.db-wal'))).toBe(false)
})

test('a database of a newer version is left alone, and shown when it is none', async () => {
  const at = place()
  at.write('flow.ts', FLOW)
  await at.cli('run', 'flow.ts', '--id', 'r')
  const db = new DatabaseSync(at.path('.ai-workflows/runs.db'))
  onTestFinished(() => db.close())
  const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version'])
  db.exec(`PRAGMA user_version = 1000`)
  const { get } = await served(at)
  expect((await get('/api/runs')).error.message).toContain('newer version of ai-workflows')
  db.exec(`PRAGMA user_version = ${version}`)
  expect((await get('/api/runs')).runs).toHaveLength(1)
})

test('a database that is damaged is shown when it was restored, where workflows can be started too', async () => {
  const at = place()
  at.write('flow.ts', FLOW)
  await at.cli('run', 'flow.ts', '--id', 'r')
  const file = at.path('.ai-workflows/runs.db')
  const good = readFileSync(file)
  const { get } = await served(at, 'flow.ts')
  expect((await get('/api/runs')).runs).toHaveLength(1)
  for (const end of ['-wal', '-shm']) rmSync(`${file}${end}`, { force: true })
  writeFileSync(file, 'no database at all, but text that is longer than a header is. '.repeat(200))
  expect((await get('/api/runs')).error.message).toMatch(/damaged|not a database/)
  writeFileSync(file, good)
  await vi.waitFor(async () => expect((await get('/api/runs')).runs).toHaveLength(1))
})

test('a database that somebody has for himself is said to be locked, and shown when it is free', async () => {
  const at = place()
  at.write('flow.ts', FLOW)
  await at.cli('run', 'flow.ts', '--id', 'r')
  const db = new DatabaseSync(at.path('.ai-workflows/runs.db'))
  db.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT')
  const { get } = await served(at)
  expect((await get('/api/runs')).error).toMatchObject({
    code: 'STORE',
    message: expect.stringContaining('lock'),
  })
  db.close()
  expect((await get('/api/runs')).runs).toHaveLength(1)
})

test('workflows of files can be started, with the file recorded as where they are', async () => {
  const at = place()
  const file = at.write('flow.ts', FLOW)
  const { get, address } = await served(at, 'flow.ts')
  expect((await get('/api/workflows')).workflows).toEqual([{ name: 'flow' }])
  const answer = await fetch(`${address}/api/runs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"workflow":"flow","id":"r"}',
  })
  expect(answer.status).toBe(201)
  await vi.waitFor(async () => expect((await get('/api/runs/r')).status).toBe('completed'))
  expect(await at.json<{ source: string }>('show', 'r')).toMatchObject({ source: file })
})

test('others may reach it with a token alone', async () => {
  const at = place()
  const refused = await at.cli('ui', '--no-open', '--host', '0.0.0.0')
  expect([refused.code, complaint(refused)]).toEqual([2, expect.stringContaining('needs a token')])
  const short = await at.cli('ui', '--no-open', '--token', 'short')
  expect([short.code, complaint(short)]).toEqual([2, expect.stringContaining('at least 16')])
  const token = 'a-token-that-is-long'
  const { address, get } = await served(at, '--host', '0.0.0.0', '--token', token)
  expect((await get('/api/workflows')).error.code).toBe('UNAUTHORIZED')
  const answer = await fetch(`${address}/api/workflows`, { headers: { authorization: `Bearer ${token}` } })
  expect(await answer.json()).toEqual({ workflows: [] })
})

test.for(['LOCALHOST', 'localhost', '[::1]', '::1'])(
  'the host %s is this machine alone: other names are refused',
  async (host) => {
    const port = await freePort(host.includes(':') ? '::1' : '127.0.0.1')
    const running = place().start(['ui', '--no-open', '--port', String(port), '--host', host])
    const address = await running.output(/^http/)
    expect(new URL(address).port).toBe(String(port))
    const status = await new Promise((resolve, reject) =>
      request(`${address}api/workflows`, { headers: { host: 'evil.example' } }, (answer) => {
        answer.resume()
        resolve(answer.statusCode)
      })
        .on('error', reject)
        .end(),
    )
    expect(status).toBe(403)
  },
)

test('without a port it takes the default one, or the next that is free', async () => {
  const first = place().start(['ui', '--no-open'])
  const second = place().start(['ui', '--no-open'])
  const ports = await Promise.all(
    [first, second].map(async (each) => Number(new URL(await each.output(/^http/)).port)),
  )
  expect(new Set(ports).size).toBe(2)
  for (const port of ports) expect(port).toSatisfy((each) => each >= 7373 && each <= 7392)
})

// A terminal is made by a command that other systems have in another form.
test.skipIf(process.platform !== 'linux' || !existsSync('/usr/bin/script'))(
  'on a terminal it opens the browser, with the address that it prints',
  async () => {
    const at = place()
    // What the system would open it with, and a terminal of the system.
    at.write('bin/xdg-open', `#!/bin/sh\necho "$1" > ${JSON.stringify(at.path('opened'))}\n`)
    chmodSync(at.path('bin/xdg-open'), 0o755)
    const port = await freePort()
    const command = `${process.execPath} ${main} ui --port ${port} --token a-token-that-is-long`
    const terminal = spawn('script', ['-qec', command, '/dev/null'], {
      cwd: at.dir,
      env: { ...process.env, PATH: `${at.path('bin')}:${process.env['PATH']}` },
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    onTestFinished(() => void terminal.kill())
    await vi.waitFor(
      () => expect(at.lines('opened')).toEqual([`http://127.0.0.1:${port}/?token=a-token-that-is-long`]),
      10_000,
    )
    terminal.stdin.write('\u0003')
    await once(terminal, 'exit')
  },
)

test('a port that is in use is an error where it was asked for', async () => {
  const at = place()
  const server = createServer()
  const port = await new Promise<number>((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
  )
  onTestFinished(() => void server.close())
  const refused = await at.cli('ui', '--no-open', '--port', String(port))
  expect([refused.code, complaint(refused)]).toEqual([7, expect.stringContaining(`Port ${port}`)])
})
