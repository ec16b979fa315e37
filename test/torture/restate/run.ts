/**
 * `npm run torture:restate [-- --rounds 4 --runs 200 --seed 1 --minutes 10]`: random programs on three nodes of Restate and two service
 * processes, which are killed with SIGKILL: any node, the one that leads, a service process, everything. Prints what was tried and what
 * was lost, how fast it was, and how long nothing went on after a kill. The seed of a round that fails repeats its programs
 * and its kills, not its moments: `npm run torture:restate -- --rounds 1 --seed <seed>`.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { NO_RESTATE, restateProgram } from '../../../bench/servers/restate-node.ts'
import { check, type Figures } from './check.ts'
import { recordedAttempts } from './records.ts'
import { play } from './round.ts'
import { Stage } from './stage.ts'
import { summary } from './summary.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '4' },
    runs: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: 'Infinity' },
  },
})

if (restateProgram() === undefined) {
  console.error(NO_RESTATE)
  process.exit(1)
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

const dir = mkdtempSync(join(tmpdir(), 'torture-restate-'))
const deadline = performance.now() + Number(values.minutes) * 60_000
const all: Figures[] = []
let failed = 0
const stage = await Stage.build(dir)
try {
  for (let round = 0; round < Number(values.rounds) && performance.now() < deadline; round++) {
    const seed = Number(values.seed) + round
    const played = await play(stage, seed, Number(values.runs))
    const { problems, figures } = check(dir, played, await recordedAttempts(stage.admin, played.prefix))
    all.push(figures)
    if (problems.length > 0) failed++
    console.error(`seed ${seed}: ${problems.length === 0 ? 'nothing lost' : problems.join('\n  ')}`)
  }
} finally {
  if (failed > 0)
    writeFileSync(join(dir, 'servers.txt'), `${stage.logs}\nservices:\n${stage.complaints.join('')}`)
  await stage.tearDown()
}
console.log(summary(all, failed))
if (failed > 0) console.log(`left in ${dir}`)
else rmSync(dir, { recursive: true, force: true })
process.exitCode = failed === 0 ? 0 : 1
