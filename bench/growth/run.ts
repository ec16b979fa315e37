/**
 * `node bench/growth/run.ts [--quick] [--rounds 5] [--only pattern] [--write]`: how cost grows. Every measurement in a process of
 * its own, the rounds interleaved; medians. Prints a table and what became of the goals; with `--write` also puts charts and
 * JSON into `bench/charts/` and the section "How cost grows" into BENCHMARKS.md. A measurement that fails is named, and the
 * others go on. An interrupt ends it early, with what was measured until then.
 */
import { execFile } from 'node:child_process'
import { cpus, loadavg } from 'node:os'
import { parseArgs, promisify } from 'node:util'
import { Figures, figuresIn } from './figures.ts'
import { MEASUREMENTS, type Measurement, roundsOf } from './plan.ts'
import { section, write } from './report.ts'
import { median } from '../statistics.ts'

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    only: { type: 'string', default: '' },
    write: { type: 'boolean', default: false },
  },
})
const rounds = Number(values.rounds ?? (values.quick ? 1 : 5))
const chosen = new RegExp(values.only)
const AT_MOST = 10 * 60_000
const execute = promisify(execFile)

const figures = new Figures()
const failed = new Map<string, string>()

async function measure({ script, args }: Measurement, x: number): Promise<void> {
  const path = new URL(`../${script}`, import.meta.url).pathname
  const name = [script, ...args(x)].join(' ')
  if (!chosen.test(name) || failed.has(name)) return
  try {
    const { stdout } = await execute(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', path, ...args(x)],
      {
        timeout: AT_MOST,
      },
    )
    for (const figure of figuresIn(stdout)) figures.add(figure)
  } catch (error) {
    const { stderr = '', message } = error as Error & { readonly stderr?: string }
    const reason = /^(?:\w*Error.*|.*heap out of memory.*)$/m.exec(stderr)?.[0] ?? message
    failed.set(name, reason)
    console.error(`${name}: ${reason}`)
  }
}

/** The first Ctrl-C is for what is not measured yet. */
let interrupted = false
process.once('SIGINT', () => {
  interrupted = true
})

const begun = performance.now()
/** The load of the machine before each measurement: what is measured itself keeps about one core busy. */
const loads: number[] = []
for (let round = 0; round < rounds; round++)
  for (const measurement of MEASUREMENTS)
    for (const x of values.quick ? measurement.quick : measurement.sizes) {
      loads.push(loadavg()[0] ?? 0)
      if (!interrupted && round < roundsOf(x, rounds)) await measure(measurement, x)
    }
if (figures.names.length === 0) throw new Error('nothing was measured')

const conditions = `Node.js ${process.versions.node}, ${cpus().length} cores, ${rounds === 1 ? 'one round' : `${rounds} rounds (2 for a million and more)`}, ${Math.round((performance.now() - begun) / 60_000)} minutes, ${shared(median(loads))}`
console.log(section(figures, conditions, failed))
if (values.write) await write(figures, conditions, failed)
process.exitCode = failed.size === 0 ? 0 : 1

function shared(load: number): string {
  const shown = `load average ${load.toFixed(1)}`
  return load <= cpus().length
    ? shown
    : `${shown}: others used the machine, so times are longer than on a quiet one`
}
