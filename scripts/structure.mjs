// Checks who imports whom (.dependency-cruiser.mjs) and that there was something to check.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('..', import.meta.url))
const rules = join(root, '.dependency-cruiser.mjs')
const cruiser = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs')
const ENOUGH_MODULES = 20

/** @typedef {{ rule: { name: string }, from: string, to: string, cycle?: { name: string }[] }} Violation */

/**
 * Applies the layer rules to the `src` folder of a directory.
 * @param {string} directory
 * @returns {Promise<{ modules: number, dependencies: number, violations: Violation[] }>}
 */
export async function checkStructure(directory) {
  const args = [cruiser, '--config', rules, '--output-type', 'json', 'src']
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: directory, maxBuffer: 1 << 28 })
  const { summary, modules } = JSON.parse(stdout)
  return {
    modules: modules.filter((/** @type {{ source: string }} */ module) => module.source.startsWith('src/'))
      .length,
    dependencies: summary.totalDependenciesCruised,
    violations: summary.violations,
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { modules, dependencies, violations } = await checkStructure(root)
  for (const { rule, from, to, cycle } of violations) {
    console.log(`${rule.name}: ${[from, ...(cycle?.map((via) => via.name) ?? [to])].join(' → ')}`)
  }
  console.log(`${modules} modules, ${dependencies} dependencies, ${violations.length} violations`)
  if (modules <= ENOUGH_MODULES) console.log(`that is too few modules: expected more than ${ENOUGH_MODULES}`)
  if (violations.length > 0 || modules <= ENOUGH_MODULES) process.exitCode = 1
}
