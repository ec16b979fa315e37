// `npm run bench`: installs what the benchmarks compare with, when that is missing or stale, and hands over to them.
// The peers have a lock file of their own, so that neither `npm ci` nor `npm test` installs any of them.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const bench = fileURLToPath(new URL('../bench', import.meta.url))

if (!isInstalled()) {
  console.error('installing what is compared with (npm ci in bench/) …')
  const npm = process.env['npm_execpath']
  const args = ['ci', '--loglevel=error']
  const { status } = npm
    ? spawnSync(process.execPath, [npm, ...args], { cwd: bench, stdio: ['ignore', 'ignore', 'inherit'] })
    : spawnSync('npm', args, { cwd: bench, stdio: ['ignore', 'ignore', 'inherit'], shell: true })
  if (status !== 0) {
    console.error('npm ci in bench/ failed')
    process.exit(1)
  }
}
const { status } = spawnSync(process.execPath, [join(bench, 'run.ts'), ...process.argv.slice(2)], {
  stdio: 'inherit',
})
process.exit(status ?? 1)

/** True when every package of bench/package-lock.json is there in its version. */
function isInstalled() {
  const installed = packagesOf('node_modules/.package-lock.json')
  return Object.entries(packagesOf('package-lock.json')).every(
    ([path, { optional, version, link }]) =>
      !path.startsWith('node_modules/') || optional || link || installed[path]?.version === version,
  )
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, optional?: boolean, link?: boolean }>}
 */
function packagesOf(file) {
  const path = join(bench, file)
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : {}
}
