// Runs a script of this repository on the repository's own Node, starting from a bare clone and an older Node.
//
//   node scripts/bootstrap.mjs [--build] <script> [args...]
//
// It installs when node_modules does not match package-lock.json and, with --build, builds when dist is stale.
// This file is plain JavaScript because it has to run on the Node that happens to be there (20 or newer).
import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { install, isInstalled } from './installed.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const inRoot = (/** @type {string} */ path) => join(root, path)
const windows = process.platform === 'win32'

const args = process.argv.slice(2)
const wantsBuild = args[0] === '--build'
if (wantsBuild) args.shift()
if (args[0] === undefined) fail('usage: node scripts/bootstrap.mjs [--build] <script> [args...]')
if (!existsSync(inRoot(args[0]))) fail(`${args[0]} does not exist`)

if (!isInstalled(root)) {
  console.error('installing dependencies (npm ci) …')
  if (!install(root)) fail('npm ci failed')
}
const node = projectNode()
const env = { ...process.env, PATH: [inRoot('node_modules/.bin'), process.env.PATH].join(delimiter) }
if (wantsBuild) {
  const built = spawnSync(node, [inRoot('scripts/build.mjs'), '--if-stale'], {
    cwd: root,
    env,
    stdio: 'inherit',
  })
  if (built.status !== 0) fail('the build failed')
}
handOver(node, args)

/** The Node of devDependencies or, where its install script was not allowed to run, the current one if it will do. */
function projectNode() {
  const own = inRoot(windows ? 'node_modules/node/bin/node.exe' : 'node_modules/node/bin/node')
  if (spawnSync(own, ['--version']).status === 0) return own
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major >= 24 || (major === 22 && minor >= 23)) return process.execPath
  return fail(
    `Node ${process.version} is too old and node_modules/node has no binary.\n` +
      'Its install script probably did not run: try `npm rebuild node`, or use Node 24.',
  )
}

/** Runs the script in the foreground; its signals and its exit are ours. */
function handOver(/** @type {string} */ node, /** @type {string[]} */ args) {
  const child = spawn(node, args, { cwd: root, env, stdio: 'inherit' })
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => {
      // A terminal sends Ctrl-C to the whole foreground group: forwarding it would deliver it twice.
      if (signal === 'SIGINT' && process.stdin.isTTY) return
      child.kill(signal)
    })
  }
  child.on('error', (error) => fail(error.message))
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (signal === null ? 1 : constants.signals[signal])
  })
}

/** @returns {never} */
function fail(/** @type {string} */ message) {
  console.error(message)
  process.exit(1)
}
