/**
 * Charts as SVG text, drawn by Vega-Lite without a browser. Colours and background are explicit, so that a chart reads
 * the same on a light and on a dark page.
 */
import { parse, View } from 'vega'
import { compile } from 'vega-lite'
import { shown } from './statistics.ts'

export interface Axis {
  readonly title: string
  /** Logarithmic; values have to be above zero. Default: linear, from zero. */
  readonly log?: boolean
}

export interface LinePoint {
  readonly x: number
  readonly y: number
  /** Least and most of several measurements, drawn as a whisker. */
  readonly least?: number
  readonly most?: number
}

export interface LineChart {
  readonly title: string
  readonly x: Axis
  readonly y: Axis
  readonly series: readonly { readonly name: string; readonly points: readonly LinePoint[] }[]
}

export interface BarChart {
  readonly title: string
  /** The axis of the values. */
  readonly value: Axis
  /** All there may be, so that a kind has one colour in all charts; the legend has those of the bars. */
  readonly kinds: readonly string[]
  /** From top to bottom. */
  readonly bars: readonly {
    readonly name: string
    readonly value: number
    readonly least?: number
    readonly most?: number
    /** One of `kinds`. */
    readonly kind: string
  }[]
}

const WIDTH = 640
const HEIGHT = 320
const BAR = 22
const DOT = 90
/** Of a legend. */
const COLUMNS = 2
const ROOM_FOR_LABEL = 1.3
const MANY_DECADES = 4
const FONT = 'sans-serif'
const BACKGROUND = '#ffffff'
const INK = '#24292f'
const GRID = '#d8dee4'
/** Okabe and Ito's: told apart also by people who do not see all colours. */
const COLOURS = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#d55e00', '#56b4e9', '#8c8c8c', '#000000']

/** One line per series, a dot per point. */
export function lineChart(chart: LineChart): Promise<string> {
  const values = chart.series.flatMap(({ name, points }) =>
    points.map((point) => ({ series: name, ...point })),
  )
  const heights = values.flatMap(({ y, least = y, most = y }) => [y, least, most])
  const widths = values.map(({ x }) => x)
  const at = axisOf(chart.x, widths)
  // Marks where something was measured.
  const x = { field: 'x', type: 'quantitative', ...at, axis: { values: [...new Set(widths)], format: ',' } }
  const y = { field: 'y', type: 'quantitative', ...axisOf(chart.y, heights) }
  const color = {
    field: 'series',
    type: 'nominal',
    title: null,
    sort: chart.series.map(({ name }) => name),
    legend: { orient: 'bottom', columns: COLUMNS, labelLimit: WIDTH },
  }
  return draw({
    title: chart.title,
    width: WIDTH,
    height: HEIGHT,
    data: { values },
    encoding: { x, color },
    layer: [
      { mark: { type: 'line', point: true }, encoding: { y } },
      whisker({ y: { ...y, field: 'least' }, y2: { field: 'most' } }, values),
    ],
  })
}

/** Horizontal bars with their values written beside them; dots on a logarithmic axis, where a bar's length means nothing. */
export function barChart(chart: BarChart): Promise<string> {
  const values = chart.bars.map((bar) => ({ ...bar, label: shown(bar.value), end: bar.most ?? bar.value }))
  const lengths = values.flatMap(({ value, least = value, end }) => [value, least, end * ROOM_FOR_LABEL])
  const x = { field: 'value', type: 'quantitative', ...axisOf(chart.value, lengths) }
  const y = { field: 'name', type: 'nominal', title: null, sort: null, axis: { labelLimit: 320 } }
  const drawn = chart.kinds.filter((kind) => chart.bars.some((bar) => bar.kind === kind))
  const scale = { domain: drawn, range: drawn.map((kind) => COLOURS[chart.kinds.indexOf(kind)]) }
  const color = { field: 'kind', type: 'nominal', title: null, scale, legend: { orient: 'bottom' } }
  return draw({
    title: chart.title,
    width: WIDTH,
    height: { step: BAR },
    data: { values },
    encoding: { y },
    layer: [
      whisker({ x: { ...x, field: 'least' }, x2: { field: 'most' } }, values),
      {
        mark: chart.value.log ? { type: 'point', filled: true, size: DOT, opacity: 1 } : 'bar',
        encoding: { x, color },
      },
      {
        mark: { type: 'text', align: 'left', dx: 8, color: INK },
        encoding: { x: { ...x, field: 'end' }, text: { field: 'label' } },
      },
    ],
  })
}

function whisker(encoding: object, values: readonly { readonly least?: number }[]): object {
  const measured = values.filter(({ least }) => least !== undefined)
  return { mark: { type: 'rule', color: INK, opacity: 0.6 }, data: { values: measured }, encoding }
}

function axisOf({ title, log = false }: Axis, values: readonly number[]): object {
  const [least, most] = [Math.min(...values), Math.max(...values)]
  if (!log) return { title, scale: { domain: [0, most], nice: true } }
  const [from, to] = [least * 0.9, most * 1.1]
  return {
    title: `${title} (logarithmic)`,
    scale: { type: 'log', nice: false, domain: [from, to] },
    axis: { values: marksBetween(from, to) },
  }
}

/** 1, 2, 5, 10, 20 …; of a range of more than four decades the powers of ten only. */
function marksBetween(from: number, to: number): readonly number[] {
  const [first, last] = [Math.floor(Math.log10(from)), Math.ceil(Math.log10(to))]
  const steps = last - first > MANY_DECADES ? [1] : [1, 2, 5]
  return Array.from({ length: last - first + 1 }, (_, index) => 10 ** (first + index))
    .flatMap((decade) => steps.map((step) => step * decade))
    .filter((mark) => mark >= from && mark <= to)
}

function draw(spec: object): Promise<string> {
  const text = { labelColor: INK, titleColor: INK, labelFont: FONT, titleFont: FONT }
  const config = {
    background: BACKGROUND,
    padding: 12,
    range: { category: COLOURS },
    title: { color: INK, font: FONT, anchor: 'start' },
    axis: { ...text, labelOverlap: true, gridColor: GRID, domainColor: INK, tickColor: INK },
    legend: text,
    text: { font: FONT },
    view: { stroke: null },
  }
  const { spec: compiled } = compile({ ...spec, config })
  return new View(parse(compiled), { renderer: 'none' }).toSVG()
}
