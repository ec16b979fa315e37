import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { checkStructure } from '../../scripts/structure.mjs'

// The layer rules are only worth something if they catch what they forbid: each test plants one violation
// in a small tree that is otherwise in order.
const inOrder = {
  'tsconfig.json':
    '{ "compilerOptions": { "module": "nodenext", "allowImportingTsExtensions": true, "noEmit": true } }',
  'package.json': '{ "type": "module" }',
  'src/index.ts': `export * from './core/run.ts'\nexport * from './engine/engine.ts'`,
  'src/core/run.ts': `import { AsyncLocalStorage } from 'node:async_hooks'\nexport const run = new AsyncLocalStorage()`,
  'src/core/run.test.ts': `import 'node:fs'\nimport '../store/memory/store.ts'`,
  'src/engine/engine.ts': `import type { run } from '../core/run.ts'\nimport 'node:fs'\nexport type Run = typeof run`,
  'src/store/memory/store.ts': `import '../../core/run.ts'\nimport '../shared/rows.ts'`,
  'src/store/shared/rows.ts': `export const rows = []`,
  'src/store/sqlite/store.ts': `import 'node:sqlite'`,
  'src/telemetry/spans.ts': `import '../core/run.ts'`,
  'src/testing/index.ts': `export * from '../core/run.ts'`,
  'src/cli/main.ts': `import '../index.ts'\nimport '../testing/index.ts'\nimport '../store/sqlite/store.ts'`,
  'test/helper.ts': `export const help = 1`,
}

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'layers-'))
  for (const [path, text] of Object.entries(inOrder)) write(path, text)
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

test('a tree in order passes, and every module of it was looked at', async () => {
  const { modules, violations } = await checkStructure(directory)
  expect(violations).toEqual([])
  expect(modules).toBe(Object.keys(inOrder).filter((path) => path.startsWith('src/')).length)
})

test.for([
  [
    'core-is-pure',
    'src/core/clock.ts',
    `import { readFileSync } from 'node:fs'; export const read = readFileSync`,
  ],
  ['core-is-pure', 'src/core/clock.ts', `import type { Stats } from 'node:fs'; export type S = Stats`],
  ['layer-core', 'src/core/clock.ts', `import '../engine/engine.ts'`],
  ['layer-engine', 'src/engine/open.ts', `import '../store/memory/store.ts'`],
  ['layer-engine', 'src/engine/open.ts', `export const open = () => import('../store/memory/store.ts')`],
  ['layer-effects', 'src/effects/part.ts', `import '../engine/engine.ts'`],
  ['layer-restate', 'src/restate/open.ts', `import '../engine/engine.ts'`],
  ['layer-store', 'src/store/sqlite/open.ts', `import '../../engine/engine.ts'`],
  ['layer-testing', 'src/testing/suite.ts', `import '../store/memory/store.ts'`],
  ['layer-index', 'src/index.ts', `export * from './testing/index.ts'`],
  ['layer-unknown', 'src/extra/thing.ts', `import '../core/run.ts'`],
  ['stores-are-independent', 'src/store/sqlite/open.ts', `import '../memory/store.ts'`],
  [
    'sqlite-stays-home',
    'src/engine/open.ts',
    `import { DatabaseSync } from 'node:sqlite'; new DatabaseSync('')`,
  ],
  ['restate-stays-home', 'src/engine/open.ts', `import type { Context } from '@restatedev/restate-sdk'`],
  [
    'opentelemetry-stays-home',
    'src/engine/open.ts',
    `export const open = () => import('../telemetry/spans.ts')`,
  ],
  ['nothing-outside-src', 'src/engine/open.ts', `import '../../test/helper.ts'`],
  ['no-import-of-tests', 'src/engine/open.ts', `import '../core/run.test.ts'`],
  ['no-cycles', 'src/core/run.ts', `import './other.ts'`],
  ['no-unresolvable', 'src/core/clock.ts', `import './nowhere.ts'`],
] as const)('%s is caught in %s: %s', async ([rule, path, text]) => {
  write('src/core/other.ts', `import './run.ts'`)
  write(path, text)
  const { violations } = await checkStructure(directory)
  expect(violations.map((violation) => violation.rule.name)).toContain(rule)
})

function write(path: string, text: string): void {
  const file = join(directory, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}
