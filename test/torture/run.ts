/**
 * `npm run torture [-- --rounds 1000 --seed 1 --processes 4 --lanes 4 --minutes 10]`: random programs in random processes that are killed
 * at random moments. Prints what was tried and what was lost. A round that fails leaves its folder, and can be repeated by its seed:
 * `npm run torture -- --rounds 1 --seed <seed>`.
 */
import { parseArgs } from 'node:util'
import { torment } from './torment.ts'
import { summary } from './summary.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    processes: { type: 'string', default: '4' },
    lanes: { type: 'string', default: '4' },
    minutes: { type: 'string', default: 'Infinity' },
    keep: { type: 'boolean', default: false },
  },
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

const begun = performance.now()
const result = await torment({
  rounds: Number(values.rounds),
  seed: Number(values.seed),
  processes: Number(values.processes),
  lanes: Number(values.lanes),
  minutes: Number(values.minutes),
  keep: values.keep,
  onProblem: (text) => console.error(text),
  onRound: (done) => {
    if (done % 50 === 0) console.error(`${done} rounds`)
  },
})
console.log(summary(result, (performance.now() - begun) / 1000))
process.exitCode = result.failures.length === 0 ? 0 : 1
