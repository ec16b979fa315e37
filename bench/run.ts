/** `npm run bench`: measures, prints a table, writes JSON and, with `--write`, BENCHMARKS.md and its charts. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compile } from './compile.ts'
import { lineUp } from './line-up.ts'
import { machine } from './machine.ts'
import { measureOnce } from './one.ts'
import type { Outcome, Request } from './one.ts'
import { readOptions, USAGE } from './options.ts'
import type { Options } from './options.ts'
import { printReport } from './report/terminal.ts'
import { writeReport } from './report/write.ts'
import type { Results } from './results.ts'
import { measureRounds } from './rounds.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const compiled = new URL('dist/', import.meta.url)

try {
  const options = readOptions(process.argv.slice(2), root)
  const results =
    options.from === undefined
      ? await measureAll(options)
      : (JSON.parse(readFileSync(options.from, 'utf8')) as Results)
  printReport(results)
  if (options.write) await writeReport(results, root)
  const own = results.contenders.filter(({ kind }) => kind !== 'peer').map(({ name }) => name)
  if (results.failures.some(({ contender }) => own.includes(contender))) process.exitCode = 1
} catch (error) {
  console.error(error instanceof TypeError ? `${error.message}\n\n${USAGE}` : error)
  process.exitCode = 2
}

async function measureAll(options: Options): Promise<Results> {
  const absent = compile(join(root, 'bench'))
  if (absent.length > 0) console.error(`not installed in bench/node_modules: ${absent.join(', ')}`)
  const directory = join(root, 'bench/node_modules/.cache/runs')
  mkdirSync(directory, { recursive: true })
  const about = machine(directory)
  const { participants, missing } = await lineUp(compiled, options.only)
  for (const { name, reason } of missing) console.error(`without ${name}: ${reason}`)
  const interrupt = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => interrupt.abort(new Error(`ended by ${signal}`)))

  const { timeoutMs, prefix, rounds, slowMs, budgetMs, quick, scenarios } = options
  const interrupted = interrupt.signal
  const harness = { compiled, directory, timeoutMs, prefix, interrupted }
  const measure = (request: Request): Promise<Outcome> => measureOnce(harness, request)
  const progress = (line: string): void => console.error(line)
  const begun = performance.now()
  const plan = { scenarios, participants, rounds, slowMs, budgetMs, quick, measure, interrupted, progress }
  const figures = await measureRounds(plan)
  const contenders = participants.map(({ note }) => note)
  const date = new Date().toISOString()
  const minutes = (performance.now() - begun) / 60_000
  const results = { date, minutes, machine: about, rounds, quick, contenders, missing, ...figures }
  if (options.json !== '') writeFileSync(options.json, `${JSON.stringify(results, undefined, 1)}\n`)
  return results
}
