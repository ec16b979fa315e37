/**
 * `npm run bench [-- --rounds 5 --tasks 100000]`: `parallel` beside other ways to fan out, interleaved, each
 * measurement in a process of its own; medians, spread, and ratios to the hand-written pool of the same run.
 */
import { execFileSync } from 'node:child_process'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { median } from './median.ts'

interface Measurement {
  readonly contender: string
  readonly nanoseconds: number
  readonly peakMegabytes: number
}

const FLOOR = 'hand-written-pool'
const CONTENDERS = [
  FLOOR,
  'p-map',
  'p-limit',
  'ai-workflows',
  'ai-workflows-functions',
  'ai-workflows-memory',
]

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    tasks: { type: 'string', default: '100000' },
    concurrency: { type: 'string', default: '100' },
    json: { type: 'boolean', default: false },
  },
})

const script = new URL('./fan-out.ts', import.meta.url).pathname
const measurements: Measurement[] = []
for (let round = 0; round < Number(values.rounds); round++)
  for (const contender of CONTENDERS) {
    const printed = execFileSync(process.execPath, [script, contender, values.tasks, values.concurrency], {
      encoding: 'utf8',
    })
    measurements.push(JSON.parse(printed) as Measurement)
  }

const rows = CONTENDERS.map((contender) => {
  const own = measurements.filter((one) => one.contender === contender)
  const times = own.map(({ nanoseconds }) => nanoseconds)
  return {
    contender,
    'ns per task': Math.round(median(times)),
    least: Math.round(Math.min(...times)),
    most: Math.round(Math.max(...times)),
    'peak MB': Math.round(median(own.map(({ peakMegabytes }) => peakMegabytes))),
  }
})
const floor = rows[0]?.['ns per task'] ?? Number.NaN
const table = rows.map((row) => ({ ...row, '× floor': Number((row['ns per task'] / floor).toFixed(1)) }))

if (values.json)
  console.log(JSON.stringify({ node: process.version, cpus: cpus().length, ...values, rows: table }))
else {
  console.log(
    `${values.tasks} tasks that do nothing, ${values.concurrency} at once; Node ${process.version}, ${cpus().length} cores; ${values.rounds} rounds`,
  )
  console.table(table)
}
