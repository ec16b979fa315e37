/** Holds `docs/opentelemetry.md` to the truth: its example is executed, and it names what there is. */
import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import * as api from '@opentelemetry/api'
import * as contexts from '@opentelemetry/context-async-hooks'
import * as tracing from '@opentelemetry/sdk-trace-base'
import * as library from 'ai-workflows'
import { expect, onTestFinished, test } from 'vitest'
import * as attributes from '../../src/telemetry/attributes.ts'

const page = readFileSync(new URL('../../docs/opentelemetry.md', import.meta.url), 'utf8')
const source = (name: string): string =>
  readFileSync(new URL(`../../src/telemetry/${name}.ts`, import.meta.url), 'utf8')

const modules: Readonly<Record<string, object>> = {
  '@opentelemetry/api': api,
  '@opentelemetry/context-async-hooks': contexts,
  '@opentelemetry/sdk-trace-base': tracing,
  'ai-workflows': library,
}

test('the example prints what the guide says', async () => {
  const [, code = '', output = ''] = /^```ts\n([\s\S]*?)^```\n\n```text\n([\s\S]*?)^```$/m.exec(page) ?? []
  const body = stripTypeScriptTypes(code).replace(
    /^import (\{.*\}) from '(.*)'$/gm,
    "const $1 = modules['$2']",
  )
  expect(body).not.toMatch(/^import /m)
  const AsyncFunction = (async () => undefined).constructor as new (
    ...args: string[]
  ) => (known: object, console: { log(text: string): void }) => Promise<void>
  const printed: string[] = []
  onTestFinished(() => {
    api.trace.disable()
    api.context.disable()
  })
  await new AsyncFunction('modules', 'console', body)(modules, {
    log: (text) => void printed.push(`${text}\n`),
  })
  expect(printed.join('')).toBe(output)
})

test('the guide names every attribute and every metric, and no other', () => {
  const metrics = [...source('instruments').matchAll(/(?:counter|duration)\(\s*'(.*?)'/g)].map(
    ([, name]) => `ai_workflows.${name}`,
  )
  const named = [
    ...Object.values(attributes).filter((value) => typeof value === 'string'),
    ...[...source('instruments').matchAll(/createUpDownCounter\('(.*?)'/g)].map(([, name]) => name),
    ...metrics,
    'ai_workflows.workflow.name',
  ]
  expect(metrics).toHaveLength(8)
  const written = page.matchAll(/`((?:ai_workflows\.|error\.)[a-z_.]+)`/g)
  expect(new Set([...written].map(([, name]) => name))).toEqual(new Set(named))
})
