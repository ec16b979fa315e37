/** Recovery by hand from a terminal: each command is a process of its own. */
import { describe, expect, test } from 'vitest'
import { LIBRARY, place, type Place } from './support/cli.ts'

/** A workflow file whose steps leave their names in `effects`, and fail where a file `broken-…` exists. */
function deploy(at: Place, ...steps: string[]): void {
  at.write(
    'w.ts',
    `import { workflow, step } from '${LIBRARY}'
     import { appendFileSync, existsSync } from 'node:fs'
     export const w = workflow({ name: 'w', execute: async (ctx, input) => {
       const done = []
       for (const name of ${JSON.stringify(steps)})
         done.push(await step(name, () => {
           appendFileSync('effects', name + '\\n')
           if (existsSync('killed-by-' + name)) process.kill(process.pid, 'SIGKILL')
           return name + (input?.mark ?? '')
         }))
       return done.join(' ')
     } })`,
  )
}

/** Steps that ran since this was last asked. */
function effects(at: Place): string[] {
  const lines = at.lines('effects').filter((line) => line !== '')
  at.write('effects', '')
  return lines
}

/** `a` and `b` are recorded when the process is killed; then code is deployed that does not fit. */
async function parked(at: Place): Promise<void> {
  deploy(at, 'a', 'b', 'c')
  at.write('killed-by-c', '')
  expect((await at.cli('run', 'w.ts', '--id', 'r')).code).toBe(null)
  effects(at)
  deploy(at, 'a', 'x', 'y')
  const blocked = await at.cli('resume', 'r')
  expect(blocked.code).toBe(4)
  expect(blocked.stderr).toContain('its journal has a completion of "b" that the code never asked for')
  expect(blocked.stderr).toContain('ai-workflows resume r\n')
  expect(blocked.stderr).toContain('ai-workflows retry r --from b\n')
  expect(effects(at)).toEqual([])
}

describe('D5: a parked run', () => {
  test.each([['resume r'], ['retry r'], ['run w.ts --id r']])(
    'goes on with %s when the code is corrected',
    async (command) => {
      const at = place()
      await parked(at)
      deploy(at, 'a', 'b', 'd')
      const { code, stdout } = await at.cli(...command.split(' '))
      expect([code, stdout, effects(at)]).toEqual([0, 'a b d\n', ['d']])
    },
  )

  test('goes on under the new code with retry --from, as the message says', async () => {
    const at = place()
    await parked(at)
    const { code, stdout } = await at.cli('retry', 'r', '--from', 'b')
    expect([code, stdout, effects(at)]).toEqual([0, 'a x y\n', ['x', 'y']])
  })
})

describe('retry --from', () => {
  test('does a step of a completed run again, and what came after; show tells how often', async () => {
    const at = place()
    deploy(at, 'a', 'b', 'c')
    await at.cli('run', 'w.ts', '--id', 'r')
    effects(at)
    const { code, stdout, stderr } = await at.cli('retry', 'r', '--from', 'b')
    expect([code, stdout, effects(at)]).toEqual([0, 'a b c\n', ['b', 'c']])
    expect(stderr).toContain('1 recorded step will not be repeated')
    expect((await at.cli('show', 'r')).stdout).toMatch(/retried +1 time\n/)
    expect(await at.json('show', 'r')).toMatchObject({ retries: 1, forkedFrom: null })
  })

  test('what is to be done anew is not shown as done while it is not', async () => {
    const at = place()
    deploy(at, 'a', 'b', 'c')
    await at.cli('run', 'w.ts', '--id', 'r')
    at.write('killed-by-b', '')
    expect((await at.cli('retry', 'r', '--from', 'b')).code).toBe(null)
    const { operations } = await at.json<{ operations: { key: string; status: string }[] }>('show', 'r')
    expect(operations.filter(({ status }) => status === 'done').map(({ key }) => key)).toEqual(['a'])
    expect(operations.map(({ key }) => key)).not.toContain('c')
  })

  test('of a step that is not recorded says what is, and changes nothing', async () => {
    const at = place()
    deploy(at, 'charge', 'ship')
    await at.cli('run', 'w.ts', '--id', 'r')
    const before = await at.json('show', 'r')
    const { code, stderr } = await at.cli('retry', 'r', '--from', 'chrge')
    expect([code, stderr]).toEqual([
      3,
      'error: Run "r" has recorded no operation "chrge"; did you mean "charge"?\n',
    ])
    expect((await at.cli('retry', 'r', '--from', '')).code).toBe(2)
    expect(await at.json('show', 'r')).toEqual(before)
  })
})

describe('fork', () => {
  test('starts another run from a step, with another input, and leaves the old one as it was', async () => {
    const at = place()
    deploy(at, 'a', 'b', 'c')
    await at.cli('run', 'w.ts', '--id', 'r')
    const before = await at.json('show', 'r')
    effects(at)
    const forked = await at.cli('fork', 'r', '--from', 'b', '--input', '{"mark":"!"}', '--id', 'f')
    expect([forked.code, forked.stdout, effects(at)]).toEqual([0, 'a b! c!\n', ['b', 'c']])
    expect(forked.stderr).toContain('Run f is a fork of run r')
    expect(await at.json('show', 'r')).toEqual(before)
    expect((await at.cli('show', 'f')).stdout).toMatch(/forked from +r\n/)
    expect((await at.cli('list')).stdout).toMatch(/FORKED FROM\n.* r\n/)
    expect(await at.json('list')).toMatchObject([{ id: 'f', forkedFrom: 'r', retries: 0 }, { id: 'r' }])
  })

  test('without a step gives the fork all that succeeded, and makes up an id', async () => {
    const at = place()
    await parked(at)
    const { code, stdout } = await at.cli('fork', 'r')
    expect([code, stdout, effects(at)]).toEqual([0, 'a x y\n', ['x', 'y']])
    expect(await at.json('list')).toMatchObject([{ status: 'completed' }, { id: 'r', status: 'blocked' }])
  })

  test('of what cannot be forked: one line, an exit code, and no run', async () => {
    const at = place()
    deploy(at, 'a')
    await at.cli('run', 'w.ts', '--id', 'r')
    expect((await at.cli('fork', 'r', '--from', 'z')).code).toBe(3)
    expect((await at.cli('fork', 'r', '--id', 'r')).code).toBe(7)
    expect((await at.cli('fork', 'r', '--input', '{')).code).toBe(2)
    expect(await at.json('list')).toMatchObject([{ id: 'r' }])
  })
})
