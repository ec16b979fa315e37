/** What is made of the figures: charts, JSON, and the section of BENCHMARKS.md between its markers. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { lineChart } from '../chart.ts'
import { tableLines, writeSection } from '../section.ts'
import type { Figures } from './figures.ts'
import { judge, shown } from './goals.ts'
import { type Chart, CHARTS } from './plan.ts'

const MARKERS = { begin: '<!-- growth: written by bench/growth/run.ts -->', end: '<!-- /growth -->' }
const FOLDER = 'bench/charts'
const root = new URL('../../', import.meta.url)

export function section(figures: Figures, conditions: string, failed: ReadonlyMap<string, string>): string {
  return [
    '## How cost grows',
    '',
    `${conditions}.`,
    '',
    'Each figure is the median of processes of their own, interleaved. `node bench/growth/run.ts --write` writes this section. A goal that is not held is not held: none was changed to fit.',
    '',
    ...goals(figures),
    ...CHARTS.flatMap((chart) => chartWithTable(figures, chart)),
    ...rest(figures),
    ...(failed.size === 0 ? [] : ['Not measured, because it failed:', '']),
    ...[...failed].map(([name, reason]) => `- \`${name}\`: ${reason}`),
    ...(failed.size === 0 ? [] : ['']),
  ].join('\n')
}

/** @throws Error when BENCHMARKS.md has lost the markers */
export async function write(
  figures: Figures,
  conditions: string,
  failed: ReadonlyMap<string, string>,
): Promise<void> {
  mkdirSync(new URL(FOLDER, root), { recursive: true })
  for (const chart of CHARTS.filter((one) => measured(figures, one).length > 0))
    writeFileSync(new URL(path(chart), root), await drawn(figures, chart))
  const json = { conditions, node: process.version, failed: [...failed], series: figures.toJSON() }
  writeFileSync(new URL(`${FOLDER}/growth.json`, root), `${JSON.stringify(json, undefined, 2)}\n`)
  writeSection(new URL('BENCHMARKS.md', root), MARKERS, section(figures, conditions, failed))
}

function goals(figures: Figures): readonly string[] {
  const judged = judge(figures)
  if (judged.length === 0) return []
  const rows = judged.map(({ goal, measured, held }) => [goal, measured, held ? 'held' : '**not held**'])
  return [...tableLines(['goal', 'measured', ''], rows), '']
}

function chartWithTable(figures: Figures, chart: Chart): readonly string[] {
  const series = measured(figures, chart)
  if (series.length === 0) return []
  return [
    `### ${chart.title}`,
    '',
    `![${chart.title}](${path(chart)})`,
    '',
    ...table(figures, chart.x, series),
    '',
  ]
}

/** What no chart shows. */
function rest(figures: Figures): readonly string[] {
  const drawn = new Set(CHARTS.flatMap(({ series }) => series))
  const names = figures.names.filter((name) => !drawn.has(name))
  return names.length === 0 ? [] : ['### Other figures', '', ...table(figures, '', names), '']
}

function table(figures: Figures, x: string, names: readonly string[]): readonly string[] {
  const sizes = [...new Set(names.flatMap((name) => figures.points(name).map((point) => point.x)))]
  sizes.sort((a, b) => a - b)
  const cell = (name: string, size: number): string => {
    const median = figures.median(name, size)
    return median === undefined ? '' : shown(median)
  }
  const rows = names.map((name) => [name, figures.unit(name), ...sizes.map((size) => cell(name, size))])
  const head = [x, 'unit', ...sizes.map((size) => size.toLocaleString('en'))]
  return tableLines(head, rows)
}

function drawn(figures: Figures, chart: Chart): Promise<string> {
  return lineChart({
    title: chart.title,
    x: { title: chart.x, log: true },
    y: { title: chart.y, log: chart.log === true },
    series: measured(figures, chart).map((name, _, names) => ({
      name: withoutShared(name, names),
      points: figures.points(name).map(({ x, median, least, most }) => ({ x, y: median, least, most })),
    })),
  })
}

/** Without the words that all names begin or end with: the title says those. */
function withoutShared(name: string, names: readonly string[]): string {
  const parts = names.map((one) => one.split(/(?<=[:,]? )/))
  const own = name.split(/(?<=[:,]? )/)
  const same = (at: number): boolean => parts.every((one) => one.at(at)?.trim() === own.at(at)?.trim())
  let [begin, end] = [0, own.length]
  while (begin < end - 1 && same(begin)) begin++
  while (end > begin + 1 && same(end - own.length - 1)) end--
  return own
    .slice(begin, end)
    .join('')
    .replace(/[:, ]+$/, '')
}

function measured(figures: Figures, { series }: Chart): readonly string[] {
  return series.filter((name) => figures.points(name).length > 0)
}

function path({ file }: Chart): string {
  return `${FOLDER}/growth-${file}.svg`
}
