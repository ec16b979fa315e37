import { describe, expect, test } from 'vitest'
import { fixture, LIBRARY, place, type Place, type Running } from './support/cli.ts'

/** A run of one of the workflows of control.ts that waits for something from outside. */
async function waiting(at: Place, workflow: string, id: string): Promise<Running> {
  const running = at.start(['run', fixture('control.ts'), '--workflow', workflow, '--id', id])
  await running.line(/ready/)
  return running
}

async function interrupted(at: Place, workflow: string, id: string): Promise<void> {
  const running = await waiting(at, workflow, id)
  running.kill('SIGKILL')
  await running.ended
}

describe('signal', () => {
  test('reaches a run that another process executes', async () => {
    const at = place()
    const running = await waiting(at, 'waits', 'w')
    const sent = await at.cli('signal', 'w', 'go', '{"n":[1,2]}')
    expect(sent.code).toBe(0)
    expect(sent.stderr).toContain(`which process ${running.pid} on`)
    expect((await running.ended).stdout).toBe('{ payload: { n: [ 1, 2 ] } }\n')
  })

  test('is kept for a run that nobody executes', async () => {
    const at = place()
    await interrupted(at, 'waits', 'w')
    expect(await at.json('signal', 'w', 'go', '"later"')).toEqual({ id: 'w', event: 'go', executedBy: null })
    expect(await at.json('show', 'w')).toMatchObject({ waiting: { events: ['go'] } })
    expect((await at.cli('resume', 'w')).stdout).toBe(`{ payload: 'later' }\n`)
  })

  test('needs a run that has not ended', async () => {
    const at = place()
    await at.cli('run', fixture('control.ts'), '--workflow', 'fails', '--id', 'f')
    const { code, stderr } = await at.cli('signal', 'f', 'go')
    expect([code, stderr]).toEqual([7, 'error: Run f has ended (failed): it receives no more events\n'])
  })
})

describe('cancel', () => {
  test('reaches a run that another process executes, and waits until it has cleaned up', async () => {
    const at = place()
    const running = await waiting(at, 'cleans', 'c')
    const cancelled = await at.cli('cancel', 'c', '--reason', 'no longer needed')
    expect(cancelled.code).toBe(0)
    expect(at.lines('effects')).toEqual(['cleaned'])
    const { code, stdout, stderr } = await running.ended
    expect([code, stdout]).toEqual([6, ''])
    expect(stderr).toContain('error: Run c was cancelled: no longer needed\n')
    expect((await at.cli('cancel', 'c')).code).toBe(0)
  })

  test('executes a run that nobody executes, so that it can clean up', async () => {
    const at = place()
    await interrupted(at, 'cleans', 'c')
    expect(await at.json('cancel', 'c')).toEqual({ id: 'c', status: 'cancelled' })
    expect(at.lines('effects')).toEqual(['cleaned'])
    expect(await at.json('list')).toMatchObject([{ id: 'c', status: 'cancelled' }])
  })

  test('of a run whose code is not to be found is recorded, and takes effect when it goes on', async () => {
    const at = place()
    const source = `export { cleans } from '${new URL('./fixtures/control.ts', import.meta.url).href}'`
    at.write('here.ts', source)
    const running = at.start(['run', 'here.ts', '--id', 'c'])
    await running.line(/ready/)
    running.kill('SIGKILL')
    await running.ended
    at.write('here.ts', 'syntax error here')
    const { code, stderr } = await at.cli('cancel', 'c')
    expect(code).toBe(0)
    expect(stderr).toContain('here.ts:1: syntax error')
    expect(stderr).toContain('The request is recorded')
    expect(await at.json('show', 'c')).toMatchObject({
      status: 'interrupted',
      waiting: { cancelRequested: true },
    })
    at.write('here.ts', source)
    expect((await at.cli('resume', 'c')).code).toBe(6)
    expect(at.lines('effects')).toEqual(['cleaned'])
  })

  test('says when a run completed all the same, or had ended before', async () => {
    const at = place()
    const running = await waiting(at, 'stubborn', 's')
    const first = await at.cli('cancel', 's')
    expect([first.code, first.stderr.includes('completed all the same')]).toEqual([7, true])
    expect((await running.ended).stdout).toBe('done all the same\n')
    const second = await at.cli('cancel', 's')
    expect([second.code, second.stderr]).toEqual([
      7,
      'error: Run s has completed: there is nothing to cancel\n',
    ])
  })

  test('with --no-wait only asks', async () => {
    const at = place()
    const running = await waiting(at, 'cleans', 'c')
    expect(await at.json('cancel', 'c', '--no-wait')).toEqual({ id: 'c', status: 'requested' })
    expect((await running.ended).code).toBe(6)
  })

  test('M9: of a parent cancels its children', async () => {
    const at = place()
    const running = await waiting(at, 'family', 'top')
    expect((await at.cli('cancel', 'top')).code).toBe(0)
    await running.ended
    const runs = await at.json<{ id: string; status: string }[]>('list', '--all')
    expect(runs.map(({ status }) => status).toSorted()).toEqual([
      'cancelled',
      'cancelled',
      'completed',
      'completed',
    ])
  })
})

describe('retry', () => {
  test('executes a failed run again, without the steps that succeeded', async () => {
    const at = place()
    await at.cli('run', fixture('control.ts'), '--workflow', 'fails', '--id', 'f')
    expect((await at.cli('retry', 'f')).code).toBe(1)
    at.write('mended', '')
    const { code, stdout, stderr } = await at.cli('retry', 'f')
    expect([code, stdout]).toEqual([0, `[ 'good' ]\n`])
    expect(stderr).toContain('1 recorded step will not be repeated')
    expect(at.lines('effects')).toEqual(['good'])
    const again = await at.cli('retry', 'f')
    expect([again.code, again.stderr]).toEqual([7, 'error: Run f has completed: there is nothing to retry\n'])
  })

  test('executes a cancelled run again', async () => {
    const at = place()
    await interrupted(at, 'waits', 'w')
    await at.cli('cancel', 'w')
    expect((await at.cli('resume', 'w')).stderr).toContain(
      'was cancelled: to execute it again, ai-workflows retry w',
    )
    await at.cli('signal', 'w', 'go')
    const running = at.start(['retry', 'w'])
    await running.line(/under way/)
    expect((await at.cli('signal', 'w', 'go', '1')).code).toBe(0)
    expect((await running.ended).stdout).toBe('{ payload: 1 }\n')
  })

  test('of a child says which run to retry', async () => {
    const at = place()
    at.write(
      'p.ts',
      `import { workflow } from '${LIBRARY}'
       const child = workflow({ name: 'child', execute: async () => { throw new Error('no') } })
       export const p = workflow({ name: 'p', execute: async (ctx) => await ctx.invoke(child, 1) })`,
    )
    const failed = await at.cli('run', 'p.ts', '--id', 'top')
    expect([
      failed.code,
      failed.stderr.includes('Child run "top/child" of workflow "child" failed: no'),
    ]).toEqual([1, true])
    const { code, stderr } = await at.cli('retry', 'top/child')
    expect([code, stderr]).toEqual([
      7,
      'error: Run top/child is a child of run top: retry that one, ai-workflows retry top\n',
    ])
  })
})
