import { createEngine, type EmbeddedEngine } from 'ai-workflows'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { median } from '../statistics.ts'
import { type Graph, lowerBound, shapeOf } from './graph.ts'
import { inMemory } from './in-memory.ts'
import { OnDisk } from './on-disk.ts'
import type { Outside } from './outside.ts'
import { Watched } from './watched.ts'
import { type Style, workflowOf } from './workflows.ts'

export interface Cell {
  readonly graph: Graph
  /** Infinity: none. */
  readonly limit: number
  readonly outside: Pick<Outside, 'wait'>
}

/** Milliseconds; medians of all rounds. */
export interface Row {
  readonly graph: string
  readonly tasks: number
  readonly depth: number
  readonly medianMs: number
  readonly limit: number
  readonly lowerBound: number
  readonly inMemory: number
  /** By contender. `ratio`: the median of the ratios to `inMemory` in the same round; `least` and `most` of them. */
  readonly others: Readonly<Record<string, Figures>>
}

export interface Figures {
  readonly ms: number
  readonly ratio: number
  /** The median of the ratios to raw SQLite in the same round. */
  readonly ofRaw: number
  readonly least: number
  readonly most: number
}

/** A durable engine in a folder of its own, at its defaults, for as long as `use` takes. */
export async function withEngine<T>(use: (engine: EmbeddedEngine) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'bench-graphs-'))
  const engine = createEngine({ dir })
  try {
    return await use(engine)
  } finally {
    await engine.stop()
    await rm(dir, { recursive: true })
  }
}

/** @returns milliseconds from the call to the result, of a run that did all its work */
export async function runStyle(engine: EmbeddedEngine, cell: Cell, style: Style): Promise<number> {
  const { graph, limit, outside } = cell
  const watched = new Watched(graph, limit, outside.wait)
  const flow = workflowOf({ graph, limit, perform: watched.perform }, style)
  const begun = performance.now()
  const run = await flow.start(undefined, { engine })
  await run.result()
  const elapsed = performance.now() - begun
  watched.check()
  await checkJournal(engine, run.id, graph)
  return elapsed
}

/** @param disk where results are recorded, if anywhere */
export async function runByHand({ graph, limit, outside }: Cell, disk?: OnDisk): Promise<number> {
  const watched = new Watched(graph, limit, outside.wait)
  const before = disk?.results ?? 0
  const begun = performance.now()
  if (disk === undefined) await inMemory(graph, limit, watched.perform)
  else await disk.run(graph.name, () => inMemory(graph, limit, disk.recording(watched.perform)))
  const elapsed = performance.now() - begun
  watched.check()
  if (disk !== undefined && disk.results - before !== graph.tasks.length)
    throw new Error(`${disk.results - before} results are recorded, of ${graph.tasks.length} tasks`)
  return elapsed
}

/** @throws {Error} the journal has not every task once, and nothing else */
export async function checkJournal(engine: EmbeddedEngine, runId: string, graph: Graph): Promise<void> {
  const { journal, record } = await engine.inspect(runId)
  const done = journal.map(({ completion: { kind, key } }) =>
    kind === 'step-done' ? (/^(.*)\/0\/run$/.exec(key)?.[1] ?? key) : `${kind} ${key}`,
  )
  const wanted = graph.tasks.map(({ id }) => id)
  if (record.status !== 'completed') throw new Error(`the run is ${record.status}`)
  if (String(done.toSorted()) !== String(wanted.toSorted()))
    throw new Error(`the journal has ${done.length} entries, which are not the ${wanted.length} tasks`)
}

/** All contenders in turn, `rounds` times; each round begins with another, and one more, not counted, comes before. */
export async function measure(cell: Cell, styles: readonly Style[], rounds: number): Promise<Row> {
  const disk = new OnDisk()
  const times = await withEngine(async (engine) => {
    const contenders: readonly [string, () => Promise<number>][] = [
      ['in memory', () => runByHand(cell)],
      ['raw SQLite', () => runByHand(cell, disk)],
      ...styles.map((style): [string, () => Promise<number>] => [style, () => runStyle(engine, cell, style)]),
    ]
    const times = new Map(contenders.map(([name]) => [name, [] as number[]]))
    for (let round = -1; round < rounds; round++)
      for (let turn = 0; turn < contenders.length; turn++) {
        const contender = contenders[(round + 1 + turn) % contenders.length]
        const elapsed = await contender?.[1]()
        if (round >= 0 && contender !== undefined && elapsed !== undefined)
          times.get(contender[0])?.push(elapsed)
      }
    return times
  })
  disk.close()
  return row(cell, times)
}

function row({ graph, limit }: Cell, times: ReadonlyMap<string, readonly number[]>): Row {
  const shape = shapeOf(graph)
  const [base, raw] = [times.get('in memory') ?? [], times.get('raw SQLite') ?? []]
  const ratiosTo = (others: readonly number[], all: readonly number[]): readonly number[] =>
    all.map((one, round) => one / (others[round] ?? Number.NaN))
  const figures = (all: readonly number[]): Figures => {
    const ratios = ratiosTo(base, all)
    return {
      ms: median(all),
      ratio: median(ratios),
      ofRaw: median(ratiosTo(raw, all)),
      least: Math.min(...ratios),
      most: Math.max(...ratios),
    }
  }
  const others = [...times].filter(([name]) => name !== 'in memory')
  return {
    graph: graph.name,
    tasks: graph.tasks.length,
    depth: shape.depth,
    medianMs: median(graph.tasks.map(({ ms }) => ms)),
    limit,
    lowerBound: lowerBound(shape, limit),
    inMemory: median(base),
    others: Object.fromEntries(others.map(([name, all]) => [name, figures(all)])),
  }
}
