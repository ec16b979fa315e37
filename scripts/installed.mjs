// Whether a folder has the packages of its lock file, and how it gets them. Plain JavaScript, for the Node that happens
// to be there (20 or newer).
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** True when every package of the folder's lock file is installed there in its version. */
export function isInstalled(/** @type {string} */ folder) {
  const locked = readLock(join(folder, 'package-lock.json'))
  const installed = readLock(join(folder, 'node_modules/.package-lock.json'))
  if (installed === undefined || locked === undefined) return false
  return Object.entries(locked).every(
    ([path, entry]) =>
      !path.startsWith('node_modules/') || // the root and the workspaces themselves
      entry.optional || // belongs to another platform
      entry.link || // a folder beside it, which has no version of its own
      installed[path]?.version === entry.version,
  )
}

/**
 * @param {string} path
 * @returns {Record<string, { version?: string, optional?: boolean, link?: boolean }> | undefined}
 */
function readLock(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : undefined
}

/** @returns whether it worked */
export function install(/** @type {string} */ folder) {
  const npm = process.env['npm_execpath'] // set when npm started us: the same npm, whatever PATH says
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error']
  /** @type {import('node:child_process').SpawnSyncOptions} */
  const options = { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] }
  const result = npm
    ? spawnSync(process.execPath, [npm, ...args], options)
    : spawnSync('npm', args, { ...options, shell: process.platform === 'win32' })
  return result.status === 0
}
