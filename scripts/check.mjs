// `npm test`: everything that must hold. Runs every phase even after a failure, at most two at once, and says
// what failed. A phase is a script of package.json, so each can also be run by itself.
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'

const root = fileURLToPath(new URL('..', import.meta.url))
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const bin = join(root, 'node_modules/.bin')
const cache = join(root, 'node_modules/.cache')
const testReport = join(cache, 'tests.json')

// Each stage starts when the one before has ended. Tests come last and alone: some of them watch the clock.
const stages = [
  ['build'],
  ['lint', 'typecheck', 'format:check', 'structure', 'unused', 'api:check', 'docs:check', 'package:check'],
  ['unit'],
]
const AT_ONCE = 2
const extra = {
  unit: ` --reporter=default --reporter=json --outputFile.json="${testReport}"`,
}

/** @typedef {{ name: string, ok: boolean, output: string }} Result */

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set()
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  process.once(signal, () => {
    for (const { pid } of running) if (pid !== undefined) process.kill(-pid, signal) // the whole group
    process.exit(1)
  })
}

mkdirSync(cache, { recursive: true })
rmSync(testReport, { force: true })
/** @type {Result[]} */
const results = []
for (const names of stages) {
  const queue = [...names]
  const worker = async () => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift())
      results.push(await runPhase(name))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}
report(results)

/**
 * @param {string} name
 * @returns {Promise<Result>}
 */
async function runPhase(name) {
  const startedAt = performance.now()
  const { ok, output } = await runScript(`${scripts[name]}${extra[/** @type {'unit'} */ (name)] ?? ''}`)
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  console.log(`${ok ? '✓' : '✗'} ${name.padEnd(14)} ${seconds.padStart(6)} s${ok ? note(name, output) : ''}`)
  if (!ok) console.log(output.trimEnd().replace(/^/gm, '    '))
  return { name, ok, output }
}

/**
 * @param {string} command
 * @returns {Promise<{ ok: boolean, output: string }>}
 */
function runScript(command) {
  return new Promise((resolve) => {
    const env = {
      ...process.env,
      PATH: [bin, process.env.PATH].join(delimiter),
      NO_COLOR: '1',
      FORCE_COLOR: undefined,
    }
    const child = spawn(command, {
      cwd: root,
      shell: true,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    running.add(child)
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (chunk) => (output += chunk))
    child.stderr.setEncoding('utf8').on('data', (chunk) => (output += chunk))
    child.on('error', (error) => (output += error.message))
    child.on('close', (code) => {
      running.delete(child)
      resolve({ ok: code === 0, output: stripVTControlCharacters(output) })
    })
  })
}

/** What a phase that passed has to say for itself: that it looked at something. */
function note(/** @type {string} */ name, /** @type {string} */ output) {
  return name === 'structure' ? `   ${output.trim()}` : ''
}

/** The closing lines: vitest's summary, the failed phases, and the totals alone on the last line. */
function report(/** @type {Result[]} */ phases) {
  const unit = phases.find(({ name }) => name === 'unit')
  console.log(unit?.output.match(/^ *Test Files [^]*?^ *Duration.*/m)?.[0] ?? 'no summary from vitest')

  const others = phases.filter((phase) => phase !== unit)
  const tests = readTestReport()
  // A run that fails without a failed test (an unhandled error, no report) still counts as one failure.
  const unitFailures = unit?.ok === true ? tests.failed : Math.max(1, tests.failed)
  const passed = tests.passed + others.filter(({ ok }) => ok).length
  const failed = unitFailures + others.filter(({ ok }) => !ok).length

  const broken = phases.filter(({ ok }) => !ok).map(({ name }) => name)
  if (broken.length > 0) console.log(`\nfailed: ${broken.join(', ')}   (run one with: npm run <name>)`)
  console.log(
    `\n${tests.passed} tests and ${phases.length - broken.length} of ${phases.length} phases passed`,
  )
  console.log(`${passed} passed, ${failed} failed`)
  process.exitCode = failed === 0 ? 0 : 1
}

function readTestReport() {
  try {
    const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(testReport, 'utf8'))
    return { passed: numPassedTests, failed: numFailedTests }
  } catch {
    return { passed: 0, failed: 0 }
  }
}
