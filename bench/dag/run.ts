/**
 * `node bench/dag/run.ts [--instances folder] [--only name] [--medians 5,20] [--limits 4,16,64,none] [--rounds 5] [--longest 1500] [--json]`:
 * graphs of tasks as workflows, on disk at full durability, beside a scheduler in memory. `--instances`: a folder of
 * recorded graphs, see README.md; without it, made-up ones.
 */
import { globSync, readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Graph, graphOf, lowerBound, parseRecording, type Recording, shapeOf } from './graph.ts'
import { madeUp } from './made-up.ts'
import { type Figures, measure, type Row } from './measure.ts'
import { Outside } from './outside.ts'
import { type Style, styles } from './workflows.ts'

const { values } = parseArgs({
  options: {
    instances: { type: 'string' },
    only: { type: 'string', default: '' },
    medians: { type: 'string', default: '5,20' },
    limits: { type: 'string', default: '4,16,64,none' },
    styles: { type: 'string', default: Object.keys(styles).join(',') },
    rounds: { type: 'string', default: '5' },
    longest: { type: 'string', default: '1500' },
    json: { type: 'boolean', default: false },
  },
})
const limits = values.limits.split(',').map((one) => (one === 'none' ? Infinity : Number(one)))
const chosen = values.styles.split(',').filter((one): one is Style => one in styles)

const outside = new Outside()
const rows: Row[] = []
const leftOut: string[] = []
for (const median of values.medians.split(',').map(Number))
  for (const recording of recordings()) {
    if (!recording.name.includes(values.only)) continue
    const graph = graphOf(recording, median)
    for (const limit of limits) {
      if (tooLong(graph, limit)) leftOut.push(`${graph.name} at ${median} ms and ${name(limit)}`)
      else rows.push(await measure({ graph, limit, outside }, chosen, Number(values.rounds)))
    }
  }
await outside.close()
if (values.json)
  console.log(JSON.stringify({ node: process.version, cpus: cpus().length, ...values, rows, leftOut }))
else print()

function recordings(): readonly Recording[] {
  const { instances } = values
  if (instances === undefined) return madeUp
  const files = globSync('*.json', { cwd: instances }).toSorted()
  if (files.length === 0) throw new Error(`there are no recorded graphs (*.json) in ${instances}`)
  return files.map((file) => ({
    ...parseRecording(readFileSync(join(instances, file), 'utf8')),
    name: basename(file, '.json'),
  }))
}

function tooLong(graph: Graph, limit: number): boolean {
  return lowerBound(shapeOf(graph), limit) > Number(values.longest)
}

function name(limit: number): string {
  return limit === Infinity ? 'no limit' : `limit ${limit}`
}

/** A line per contender: its time, and that as a multiple of the bound and of what the two schedulers by hand took. */
function print(): void {
  console.log(
    `${values.rounds} rounds, medians; Node ${process.version}, ${cpus().length} cores; raw SQLite: the scheduler in memory with a sync where one is needed`,
  )
  console.table(
    rows.flatMap((row) => [
      line(row, 'in memory', { ms: row.inMemory }),
      ...Object.entries(row.others).map(([contender, figures]) => line(row, contender, figures)),
    ]),
  )
  if (leftOut.length > 0) console.log(`longer than ${values.longest} ms, left out: ${leftOut.join('; ')}`)
}

function line(row: Row, contender: string, { ms, ratio, ofRaw }: Partial<Figures> & { ms: number }): object {
  return {
    graph: row.graph.replace(/-chameleon.*/, `-${row.tasks}`),
    depth: row.depth,
    'median ms': rounded(row.medianMs),
    limit: row.limit === Infinity ? 'none' : row.limit,
    contender,
    ms: Math.round(ms),
    '÷ bound': rounded(ms / row.lowerBound),
    '÷ in memory': ratio === undefined ? '' : rounded(ratio),
    '÷ raw SQLite': ofRaw === undefined || contender === 'raw SQLite' ? '' : rounded(ofRaw),
  }
}

function rounded(value: number): number {
  return Number(value.toFixed(3))
}
