import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { createEngine, workflow } from 'ai-workflows'
import { httpApi } from 'ai-workflows/server'
import { folder } from '../support/folder.ts'
import { listening } from './support/listening.ts'

const guide = readFileSync(new URL('../../docs/http-api.md', import.meta.url), 'utf8')

const greet = workflow({
  name: 'greet',
  execute: async (ctx, { name }: { name: string }) => {
    await ctx.waitForEvent('approved')
    return `Hello ${name}`
  },
})

test('every curl of the guide works as it is written, one after another', async () => {
  const engine = createEngine({ dir: folder() })
  onTestFinished(() => engine.stop({ grace: 0 }))
  const { address } = await listening(httpApi(engine, { workflows: [greet] }))
  const commands = guide.split('\n').filter((line) => line.startsWith('curl '))
  expect(commands.length).toBeGreaterThan(8)
  for (const command of commands) {
    const { stdout } = await promisify(execFile)('sh', ['-c', command], {
      env: { ...process.env, API: address },
    })
    expect([command, JSON.parse(stdout)]).toEqual([
      command,
      expect.not.objectContaining({ error: { code: expect.anything(), message: expect.anything() } }),
    ])
  }
  expect(await engine.get(greet, 'hello').result()).toBe('Hello Ada')
})

test('the guide names every route, and no other', async () => {
  const engine = createEngine({ dir: folder() })
  onTestFinished(() => engine.stop({ grace: 0 }))
  const { raw } = await listening(httpApi(engine, { workflows: [greet] }))
  const routes = [...guide.matchAll(/^\| `(GET|POST) (\/api\/[^`]*)` /gm)]
  expect(routes.length).toBe(11)
  for (const [, method = '', path = ''] of routes) {
    const other = await raw({ method: 'PATCH', path: path.replace(':id', 'x') })
    expect([path, other.status]).toEqual([path, 405])
    expect(String(other.headers['allow'])).toContain(method)
  }
})
