/**
 * The rows of one scenario's table: medians over the rounds, fastest first. Who failed in one round has none: what it did in
 * the others would hide that.
 */
import type { ContenderNote, Measurement, Results } from '../results.ts'
import type { Scenario } from '../scenarios.ts'
import { median, summary } from '../statistics.ts'
import type { Summary } from '../statistics.ts'

export interface Row {
  readonly note: ContenderNote
  /** `comparable`, or why its figure is not. */
  readonly standing: string
  readonly value: Summary
  /** Multiples of the floor's median, and of ours; absent where there is none of these. */
  readonly ofFloor?: number
  readonly ofOurs?: number
  readonly peakMegabytes: number
  readonly cpuMs: number
  readonly bytesPerStep?: number
  readonly delayP99?: number
}

export const isComparable = ({ standing }: Row): boolean => standing === 'comparable'

export function rowsOf(results: Results, scenario: Scenario): readonly Row[] {
  const rows = results.contenders
    .flatMap((note) => {
      const here = (one: { scenario: string; contender: string }): boolean =>
        one.scenario === scenario.id && one.contender === note.name
      const own = results.measurements.filter(here)
      return own.length === 0 || results.failures.some(here) ? [] : [rowOf(note, own, scenario)]
    })
    .toSorted((one, other) => one.value.median - other.value.median)
  const floor = rows.find(({ note }) => note.name === scenario.floor)
  const ours = fastestOf('ours', rows)
  return rows.map((row) => ({ ...row, ...ratio('ofFloor', row, floor), ...ratio('ofOurs', row, ours) }))
}

/** @param rows fastest first */
export function fastestOf(kind: ContenderNote['kind'], rows: readonly Row[]): Row | undefined {
  return rows.find((row) => row.note.kind === kind && isComparable(row))
}

/** The comparable peers that are faster than ours. */
export function winners(rows: readonly Row[]): readonly Row[] {
  return rows.filter(
    ({ note, standing, ofOurs }) =>
      note.kind === 'peer' && standing === 'comparable' && ofOurs !== undefined && ofOurs < 1,
  )
}

function rowOf(note: ContenderNote, own: readonly Measurement[], { id }: Scenario): Row {
  const bytes = own.flatMap(({ bytesPerStep }) => bytesPerStep ?? [])
  const delays = own.flatMap(({ delayMs }) => delayMs?.p99 ?? [])
  return {
    note,
    standing: note.scenarios[id] ?? 'comparable',
    value: summary(own.map(({ value }) => value)),
    peakMegabytes: median(own.map(({ peakMegabytes }) => peakMegabytes)),
    cpuMs: median(own.map(({ cpuMs }) => cpuMs)),
    ...(bytes.length > 0 && { bytesPerStep: median(bytes) }),
    ...(delays.length > 0 && { delayP99: median(delays) }),
  }
}

function ratio(name: 'ofFloor' | 'ofOurs', row: Row, base: Row | undefined): object {
  return base === undefined ? {} : { [name]: row.value.median / base.value.median }
}
