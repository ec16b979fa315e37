/** Holds `docs/events-and-logs.md` to the truth: its examples are executed, and print what it says. */
import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import * as library from 'ai-workflows'
import { pino } from 'pino'
import { describe, expect, test, vi } from 'vitest'
import { RUN_EVENT_KINDS } from '../../src/core/ports/observer.ts'

const page = readFileSync(new URL('../../docs/events-and-logs.md', import.meta.url), 'utf8')

const examples = [...page.matchAll(/^```ts\n([\s\S]*?)^```\n\n```(?:text|json)\n([\s\S]*?)^```$/gm)].map(
  ([, code = '', output = '']) => ({ code, output }),
)

type Script = (
  library: object,
  pino: (options?: object) => unknown,
  console: { log(text: string): void },
) => Promise<void>

/** As a script, with what it imports given to it. */
function script(code: string): Script {
  const body = stripTypeScriptTypes(code)
    .replace(/^import pino from 'pino'$/m, '')
    .replace(/^import (\{.*\}) from 'ai-workflows'$/m, 'const $1 = library')
  expect(body).not.toMatch(/^import /m)
  const AsyncFunction = (async () => undefined).constructor as new (...args: string[]) => Script
  return new AsyncFunction('library', 'pino', 'console', body)
}

/** What is another at each execution. */
function steady(text: string): string {
  return text
    .replace(/^\d\d:\d\d:\d\d\.\d{3}/gm, '10:15:02.481')
    .replace(/(?:\n {4}at .*)+/g, '\n    at …')
    .replace(/"stack":"[^"]*"/g, '"stack":"…"')
}

describe('docs/events-and-logs.md', () => {
  test('has examples that print something', () => {
    expect(examples).toHaveLength(3)
    expect(page.match(/^```ts$/gm)).toHaveLength(3)
  })

  test.each(examples)('its examples print what it says: %#', async ({ code, output }) => {
    const written: string[] = []
    const stderr = vi.spyOn(console, 'error').mockImplementation((line) => void written.push(`${line}\n`))
    const toPage = (options = {}): unknown =>
      pino({ ...options, base: null, timestamp: false }, { write: (line) => void written.push(line) })
    await script(code)(library, toPage, { log: (text) => void written.push(`${text}\n`) }).finally(() =>
      stderr.mockRestore(),
    )
    expect(steady(written.join(''))).toBe(output)
  })

  test('names every kind of event that there is, and no other', () => {
    const table = page.slice(page.indexOf('| kind | when'), page.indexOf('- **An event says'))
    const rows = table.split('\n').flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`(.+?)`/g)])
    expect(new Set(rows.map(([, kind]) => kind))).toEqual(new Set(RUN_EVENT_KINDS))
  })
})
