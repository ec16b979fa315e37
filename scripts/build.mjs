// Builds dist/ with tsc and copies what tsc leaves behind (.sql). With --if-stale: only if a source is newer.
// A build replaces dist in one rename, so that a failed or half-done build is never seen.
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, globSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))

const STAMP = 'dist/index.js'
const ASSETS = 'src/**/*.{sql,html,css,svg}'

if (!process.argv.includes('--if-stale')) build()
else if (isStale()) {
  console.error('building dist (tsc) …')
  build()
}

function isStale() {
  if (!existsSync(STAMP)) return true
  const builtAt = statSync(STAMP).mtimeMs
  // Directories are among the matches: a deleted file changes the time of its directory.
  const sources = [
    'src',
    ...globSync('src/**'),
    'tsconfig.build.json',
    'tsconfig.base.json',
    'package-lock.json',
  ]
  return sources.some((path) => !path.endsWith('.test.ts') && statSync(path).mtimeMs > builtAt)
}

function build() {
  const startedAt = new Date()
  const next = `dist.${process.pid}`
  const tsc = ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--outDir', next]
  const compiled = spawnSync(process.execPath, tsc, { stdio: 'inherit' })
  if (compiled.status !== 0) {
    rmSync(next, { recursive: true, force: true })
    process.exit(compiled.status ?? 1)
  }
  for (const asset of globSync(ASSETS)) cpSync(asset, asset.replace(/^src/, next))
  for (const main of globSync(`${next}/cli/main.js`)) chmodSync(main, 0o755)
  rmSync('dist', { recursive: true, force: true })
  renameSync(next, 'dist')
  utimesSync(STAMP, startedAt, startedAt) // an edit made during the build counts as newer
}
