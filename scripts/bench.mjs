// `npm run bench`: installs what the benchmarks compare with, when that is missing or stale, and hands over to them.
// The peers have a lock file of their own, so that neither `npm ci` nor `npm test` installs any of them.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { install, isInstalled } from './installed.mjs'

const bench = fileURLToPath(new URL('../bench', import.meta.url))

if (!isInstalled(bench)) {
  console.error('installing what is compared with (npm ci in bench/) …')
  if (!install(bench)) console.error('npm ci in bench/ failed: who is missing is left out')
}
const { status } = spawnSync(process.execPath, [join(bench, 'run.ts'), ...process.argv.slice(2)], {
  stdio: 'inherit',
})
process.exit(status ?? 1)
