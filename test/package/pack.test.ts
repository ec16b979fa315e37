import { execFile } from 'node:child_process'
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

// What a user gets: the packed tarball, installed into an empty project, used from JavaScript and TypeScript.
const root = fileURLToPath(new URL('../..', import.meta.url))
const project = mkdtempSync(join(tmpdir(), 'pack-'))
/** The command's first line asks for `node`: ours, not the machine's. */
const PATH = [dirname(process.execPath), process.env['PATH']].join(delimiter)
const env = { ...process.env, PATH, AI_WORKFLOWS_DIR: join(project, 'data') }

const run = async (command: string, ...args: string[]): Promise<string> =>
  (await promisify(execFile)(command, args, { cwd: project, env })).stdout
const node = (...args: string[]): Promise<string> => run(process.execPath, ...args)

beforeAll(async () => {
  await node(join(root, 'scripts/build.mjs'), '--if-stale')
  await run('npm', 'pack', root, '--ignore-scripts', '--silent')
  const [tarball] = globSync('ai-workflows-*.tgz', { cwd: project })
  write('package.json', '{ "type": "module", "private": true }')
  const options = ['--prefer-offline', '--no-audit', '--no-fund']
  await run('npm', 'i', ...options, `./${tarball}`)
  // A user's TypeScript project has Node's types; ours lend them.
  const types = join(root, 'node_modules/@types/node')
  write('tsconfig.json', JSON.stringify({ compilerOptions: compilerOptions(types), include: ['*.ts'] }))
}, 180_000)
afterAll(() => rmSync(project, { recursive: true, force: true }))

describe('installing', () => {
  test('runs no script and builds or downloads nothing', () => {
    const installed = globSync('node_modules/**/package.json', { cwd: project }).map((path) => ({
      path,
      manifest: JSON.parse(readFileSync(join(project, path), 'utf8')),
    }))
    expect(installed.map(({ manifest }) => manifest.name)).toContain('ai-workflows')
    const scripted = installed.filter(({ path, manifest: { scripts = {}, gypfile, binary } }) => {
      const isPackage = /node_modules\/(@[^/]+\/)?[^/]+\/package\.json$/.test(path)
      const hooks = ['preinstall', 'install', 'postinstall'].filter((hook) => hook in scripts)
      return isPackage && (hooks.length > 0 || gypfile === true || binary !== undefined)
    })
    expect(scripted.map(({ path }) => path)).toEqual([])
    const lock = JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8'))
    expect(
      Object.entries<{ hasInstallScript?: boolean }>(lock.packages).filter(([, p]) => p.hasInstallScript),
    ).toEqual([])
    expect(globSync('node_modules/**/{*.node,binding.gyp}', { cwd: project })).toEqual([])
  })

  test('brings the sources that the maps point to, and no test', () => {
    const files = globSync('node_modules/ai-workflows/**', { cwd: project })
    expect(files.filter((file) => /\.test(-d)?\./.test(file))).toEqual([])
    expect(files).toContain('node_modules/ai-workflows/src/index.ts')
    expect(files).toContain('node_modules/ai-workflows/LICENSE')
  })

  test('puts the command in place', async () => {
    expect(await run(join(project, 'node_modules/.bin/ai-workflows'), '--help')).toContain('ai-workflows')
  })
})

describe('plain JavaScript', () => {
  test('runs a group at top level', async () => {
    write(
      'group.js',
      `import { parallel, step } from 'ai-workflows'
       console.log(JSON.stringify(await parallel([step('a', () => 1), step('b', () => 2)])))`,
    )
    expect(await node('group.js')).toBe('[1,2]\n')
  })

  test('runs a workflow, and the process ends by itself', async () => {
    write(
      'workflow.js',
      `import { workflow, step } from 'ai-workflows'
       const w = workflow({ name: 'x', execute: async (ctx, input) => await step('double', () => input * 2) })
       console.log(await w.run(21))`,
    )
    expect(await node('workflow.js')).toBe('42\n')
  })

  test('the testing tools know the operations that the front door makes: there is one copy of the library', async () => {
    write(
      'explored.js',
      `import { parallel, step, workflow } from 'ai-workflows'
       import { explore } from 'ai-workflows/testing'
       const w = workflow({ name: 'x', execute: () => parallel([step('a', () => 1), step('b', () => 2)]) })
       const { orders } = await explore(w, { input: undefined })
       console.log(orders)`,
    )
    expect(Number(await node('explored.js'))).toBeGreaterThan(1)
  })

  test('without OpenTelemetry nothing of it is installed; with an SDK, runs are traced', async () => {
    const modules = join(project, 'node_modules/@opentelemetry')
    expect(existsSync(modules)).toBe(false)
    symlinkSync(join(root, 'node_modules/@opentelemetry'), modules)
    write(
      'sdk.js',
      `import { trace } from '@opentelemetry/api'
       import { BasicTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
       const exporter = {
         export: (spans, done) => done({ code: 0, spans: spans.forEach(({ name }) => console.error(name)) }),
         shutdown: async () => undefined,
       }
       trace.setGlobalTracerProvider(
         new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
       )`,
    )
    const { stderr } = await promisify(execFile)(process.execPath, ['--import', './sdk.js', 'workflow.js'], {
      cwd: project,
      env,
    })
    expect(stderr).toBe('step double\nrun x\n')
    write(
      'explicit.js',
      `import { createEngine } from 'ai-workflows'
       import { openTelemetry } from 'ai-workflows/opentelemetry'
       console.log(createEngine({ telemetry: openTelemetry() }) !== undefined)`,
    )
    expect(await node('explicit.js')).toBe('true\n')
  })

  test('without the SDK of Restate the command says what to install; with it, workflows are served', async () => {
    write('on-restate.js', `export * from './workflow-only.js'`)
    write(
      'workflow-only.js',
      `import { workflow } from 'ai-workflows'
       export const w = workflow({ name: 'served', execute: async () => 1 })`,
    )
    const command = join(project, 'node_modules/.bin/ai-workflows')
    const args = ['run', 'on-restate.js', '--engine', 'restate', '--ingress', 'http://127.0.0.1:9']
    const without = promisify(execFile)(command, args, { cwd: project, env })
    await expect(without).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('npm install @restatedev/restate-sdk'),
    })
    symlinkSync(join(root, 'node_modules/@restatedev'), join(project, 'node_modules/@restatedev'))
    write(
      'serve.js',
      `import { serve } from 'ai-workflows/restate'
       import { w } from './workflow-only.js'
       const server = await serve({ workflows: [w], port: 0 })
       await server.stop()
       console.log(server.port > 0)`,
    )
    expect(await node('serve.js')).toBe('true\n')
  })

  test('an error of the library has the places in the sources in its stack, for who asks for them', async () => {
    write(
      'mapped.js',
      `import { step } from 'ai-workflows'
       try { step('', () => 1) } catch (error) { console.log(error.stack) }`,
    )
    expect(await node('--enable-source-maps', 'mapped.js')).toContain('ai-workflows/src/core/check.ts:')
  })
})

describe('TypeScript', () => {
  beforeAll(() => {
    write(
      'typed.ts',
      `import { any, parallel, race, step, workflow } from 'ai-workflows'
       import * as testing from 'ai-workflows/testing'

       const w = workflow({
         name: 'typed',
         execute: async (_ctx, input: number) => {
           const [n, s] = await parallel([step('n', () => input * 2), step('s', async () => 'two')])
           const { a } = await parallel({ a: step('a', () => true) })
           const first: number = await race([step('r', () => 1)])
           const good: string = await any([step('g', () => 'good')])
           const result: { n: number; s: string; a: boolean } = { n, s, a }
           return { ...result, first, good }
         },
       })
       const out: { n: number; s: string; a: boolean; first: number; good: string } = await w.run(21)
       console.log(JSON.stringify(out), typeof testing)`,
    )
  })

  test('type-checks under strict and nodenext, without skipping the declarations', async () => {
    expect(await typeErrors('.')).toBe('')
  })

  test('is not all `any`', async () => {
    mkdirSync(join(project, 'wrong'))
    write('wrong/tsconfig.json', '{ "extends": "../tsconfig.json", "include": ["*.ts"] }')
    write(
      'wrong/wrong.ts',
      `import { parallel, step } from 'ai-workflows'
       const [n] = await parallel([step('n', () => 1)])
       export const s: string = n`,
    )
    expect(await typeErrors('wrong')).toContain('TS2322')
  })

  test("runs with Node's own type stripping", async () => {
    expect(await node('typed.ts')).toBe('{"n":42,"s":"two","a":true,"first":1,"good":"good"} object\n')
  })
})

/** What tsc has to say about a folder of the project. */
function typeErrors(folder: string): Promise<string> {
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  return node(tsc, '-p', folder).catch((error: { stdout: string }) => error.stdout)
}

function write(path: string, text: string): void {
  writeFileSync(join(project, path), text)
}

function compilerOptions(nodeTypes: string): object {
  return {
    strict: true,
    module: 'nodenext',
    target: 'es2022',
    lib: ['es2024', 'esnext.disposable'],
    noEmit: true,
    skipLibCheck: false,
    exactOptionalPropertyTypes: true,
    types: [nodeTypes],
  }
}
