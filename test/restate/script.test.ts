import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { noRestate, why } from './support/node.ts'

const script = fileURLToPath(new URL('../../scripts/restate.mjs', import.meta.url))

function ownDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'restate-script-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

test.skipIf(noRestate)(
  `npm run restate -- --once: runs the example on a server, and ends${why}`,
  async () => {
    const args = [script, '--once', '--directory', ownDirectory()]
    const { stdout } = await promisify(execFile)(process.execPath, args)
    expect(stdout).toMatch(/^plan-trip trip-[0-9a-f]{8}: \{/)
    expect(stdout).toContain(`hotels: [ 'a room in Oslo', 'a room in Bergen', 'a room in Bodø' ]`)
  },
)

test.skipIf(noRestate)(`npm run restate: says where to look, and stays until Ctrl-C${why}`, async () => {
  const child = spawn(process.execPath, [script, '--directory', ownDirectory()], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const gone = once(child, 'exit')
  for await (const line of createInterface(child.stdout)) {
    const [, page] = /^Restate shows it at (.*)$/.exec(line) ?? []
    if (page !== undefined) expect(await (await fetch(page)).text()).toContain('<html')
    if (line.includes('Ctrl-C')) child.kill('SIGINT')
  }
  expect(await gone).toEqual([0, null])
})
