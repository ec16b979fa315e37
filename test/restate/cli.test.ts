import { describe, expect, test } from 'vitest'
import { freePort } from '../../bench/servers/free-port.ts'
import { complaint, LIBRARY, place } from '../cli/support/cli.ts'
import { noRestate, startRestate, why } from './support/node.ts'

const GREET = `import { workflow, step, parallel } from '${LIBRARY}'
export const greet = workflow({ name: 'greet', execute: async (ctx, who) => {
  if (who === 'nobody') throw new RangeError('nobody is there')
  return (await parallel([step('hello', () => 'hello'), step('who', () => who)])).join(' ')
} })`

describe('on the command line', () => {
  test('--engine restate asks where; an address that does not answer, or is none, is one line', async () => {
    const { write, cli } = place()
    write('greet.ts', GREET)
    const run = (...more: string[]) => cli('run', 'greet.ts', '--engine', 'restate', ...more)
    expect(complaint(await run())).toContain('add --ingress')
    expect((await run('--ingress', 'here')).code).toBe(2)
    const away = await run('--ingress', 'http://127.0.0.1:9')
    expect(away.code).toBe(5)
    expect(complaint(away)).toContain('Restate cannot be reached at http://127.0.0.1:9')
    const serve = await cli('serve', 'greet.ts', '--restate', 'http://127.0.0.1:9', '--port', '0')
    expect(serve.code).toBe(5)
    expect(complaint(serve)).toContain('Restate cannot be reached at http://127.0.0.1:9')
  })

  test.skipIf(noRestate)(`serve and run do it together, in two processes${why}`, async () => {
    const node = await startRestate()
    try {
      const { write, start, cli } = place()
      write('greet.ts', GREET)
      const port = await freePort()
      const at = ['--port', `${port}`, '--host', '127.0.0.1', '--address', `http://127.0.0.1:${port}`]
      const serving = start(['serve', 'greet.ts', '--restate', node.admin, ...at])
      await serving.line(/^Serving "greet"/)
      const there = ['--engine', 'restate', '--ingress', node.ingress, '--admin', node.admin]
      const run = (...more: string[]) => cli('run', 'greet.ts', ...there, ...more)
      expect(await run('--input', '"world"', '--id', 'one')).toMatchObject({
        code: 0,
        stdout: 'hello world\n',
      })
      expect(await run('--input', '"world"', '--id', 'one')).toMatchObject({
        code: 0,
        stdout: 'hello world\n',
      })
      expect((await run('--input', '"moon"', '--id', 'one')).code).toBe(7)
      const failed = await run('--input', '"nobody"')
      expect(failed.code).toBe(1)
      expect(failed.stderr).toContain('nobody is there')
      serving.kill('SIGTERM')
      expect((await serving.ended).code).toBe(0)
    } finally {
      await node.stop()
    }
  })
})
