/** Compiles the benchmarks, as what is measured is not to read TypeScript, and checks them against the peers' types. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * With a peer missing they cannot be checked, but compiled: the others are measured all the same.
 * @param bench the folder of the benchmarks
 * @returns the packages that are missing
 */
export function compile(bench: string): readonly string[] {
  const missing = missingPackages(bench)
  const whole = missing.length === 0
  const tsc = join(bench, '../node_modules/typescript/bin/tsc')
  const args = [tsc, '-p', bench, ...(whole ? [] : ['--noCheck', '--incremental', 'false'])]
  const { status } = spawnSync(process.execPath, args, { stdio: whole ? 'inherit' : 'ignore' })
  if (status !== 0 && whole) throw new Error('the benchmarks do not compile')
  return missing
}

/** What its `package.json` asks for and is not installed. */
export function missingPackages(bench: string): readonly string[] {
  const { dependencies } = JSON.parse(readFileSync(join(bench, 'package.json'), 'utf8')) as {
    dependencies: Readonly<Record<string, string>>
  }
  const installed = (name: string): boolean => existsSync(join(bench, 'node_modules', name, 'package.json'))
  return Object.keys(dependencies).filter((name) => !installed(name))
}
