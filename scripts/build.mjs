// Builds dist/: declarations with tsc, code and the web page with rolldown. With --if-stale: only if a source is newer.
// A build replaces dist in one rename, so that a failed or half-done build is never seen.
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, globSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { bundle } from './bundle.mjs'
import { bundlePage } from './page.mjs'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))

const STAMP = 'dist/index.js'
const ASSETS = 'src/**/*.{sql,html,css,svg}'

if (!process.argv.includes('--if-stale')) await build()
else if (isStale()) {
  console.error('building dist …')
  await build()
}

function isStale() {
  if (!existsSync(STAMP)) return true
  const builtAt = statSync(STAMP).mtimeMs
  // Directories are among the matches: a deleted file changes the time of its directory.
  const sources = [
    'src',
    ...globSync('src/**'),
    'ui',
    ...globSync('ui/**'),
    ...globSync('scripts/{b*,page}.mjs'),
    'tsconfig.build.json',
    'tsconfig.base.json',
    'package-lock.json',
  ]
  return sources.some((path) => !path.endsWith('.test.ts') && statSync(path).mtimeMs > builtAt)
}

async function build() {
  const startedAt = new Date()
  const next = `dist.${process.pid}`
  try {
    declare(next)
    await bundle(next)
    await bundlePage(`${next}/ui`)
    for (const asset of globSync(ASSETS)) cpSync(asset, asset.replace(/^src/, next))
    chmodSync(`${next}/cli/main.js`, 0o755)
  } catch (error) {
    rmSync(next, { recursive: true, force: true })
    console.error(error)
    process.exit(1)
  }
  rmSync('dist', { recursive: true, force: true })
  renameSync(next, 'dist')
  utimesSync(STAMP, startedAt, startedAt) // an edit made during the build counts as newer
}

function declare(/** @type {string} */ into) {
  const tsc = [
    'node_modules/typescript/bin/tsc',
    '-p',
    'tsconfig.build.json',
    '--emitDeclarationOnly',
    '--outDir',
    into,
  ]
  const { status } = spawnSync(process.execPath, tsc, { stdio: 'inherit' })
  if (status !== 0) throw new Error('tsc found errors')
}
