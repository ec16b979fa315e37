/** Nothing is left behind, and nobody is warned about listeners. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parallel, race, step } from 'ai-workflows'
import { describe, expect, test } from 'vitest'
import { FakeClock } from './support/fake-clock.ts'
import { quiet } from './support/gate.ts'
import { PLACES } from './support/sandbox.ts'
import { WAYS } from './support/ways.ts'

test.each(PLACES)(
  'R6: on %s no timer and no handle is left after engine.stop, and the process ends',
  async (place) => {
    const script = fileURLToPath(new URL('support/resources.ts', import.meta.url))
    const child = spawn(process.execPath, ['--no-warnings', script, place], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
    const code = await new Promise((resolve) => child.once('close', resolve))
    const { left, listeners } = JSON.parse(output) as { left: string[]; listeners: number }
    expect(code).toBe(0)
    // The pipes are the process's own output.
    expect(left.filter((name) => name !== 'PipeWrap')).toEqual([])
    expect(listeners).toBe(0)
  },
)

describe.each(WAYS)('many, %s', (_, within) => {
  /** Warnings of the process while the body runs. */
  async function warningsOf(body: () => Promise<unknown>): Promise<string[]> {
    const warnings: string[] = []
    const note = (warning: Error): void => void warnings.push(`${warning.name}: ${warning.message}`)
    process.on('warning', note)
    await within(body)
    await quiet()
    process.off('warning', note)
    return warnings
  }

  test('10,000 branches, each looking at its signal, do not warn about listeners', async () => {
    const listen = ({ signal }: { signal: AbortSignal }): void =>
      signal.addEventListener('abort', () => undefined)
    const warnings = await warningsOf(async () => {
      const all = Array.from({ length: 10_000 }, (_, index) =>
        index % 2 === 0 ? step(`${index}`, listen) : listen,
      )
      await parallel(all, { concurrency: 100, signal: new AbortController().signal })
    })
    expect(warnings).toEqual([])
  })

  test('10,000 groups share one signal', async () => {
    const controller = new AbortController()
    const warnings = await warningsOf(async () => {
      const never = (): Promise<never> => new Promise(() => undefined)
      const groups = Array.from({ length: 10_000 }, () =>
        race([never], { signal: controller.signal }).catch((error: { kind: string }) => error.kind),
      )
      await quiet()
      controller.abort()
      expect(new Set(await Promise.all(groups))).toEqual(new Set(['aborted']))
    })
    expect(warnings).toEqual([])
  })

  test('10,000 plain awaits of one operation', async () => {
    const warnings = await warningsOf(async () => {
      const shared = step('shared', () => 1)
      expect(await Promise.all(Array.from({ length: 10_000 }, async () => await shared))).toHaveLength(10_000)
    })
    expect(warnings).toEqual([])
  })

  test('timers of groups that end early are taken back', async () => {
    const clock = new FakeClock()
    const before = clock.pending
    await within(
      async () => {
        await parallel(Array.from({ length: 100 }, () => parallel([() => 1], { timeout: '1w' })))
        await race([() => 1, step('slow', () => new Promise(() => undefined), { timeout: '1w' })], {
          stagger: '1d',
          timeout: '1w',
        })
        await parallel([() => Promise.reject(new Error('bad')), () => 1], {
          timeout: '1w',
          waitForCancelled: '1d',
        }).catch(() => undefined)
        await quiet()
        expect(clock.pending - before).toBeLessThan(5)
      },
      { clock },
    )
  })
})
