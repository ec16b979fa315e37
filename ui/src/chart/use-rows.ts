/** The rows of a chart, and which groups somebody has folded or unfolded. */
import { useMemo, useState } from 'preact/hooks'
import type { Timeline } from '../../../src/timeline/timeline.ts'
import { placesOf, type Row, rowsOf, treeOf, turnedAll } from './rows.ts'

export interface Rows {
  readonly rows: readonly Row[]
  /** By id of a row: where it is shown. */
  readonly places: ReadonlyMap<string, number>
  /** Folds or unfolds a group. */
  turn(row: Row): void
  foldAll(folded: boolean): void
}

export function useRows(timeline: Timeline): Rows {
  const [turned, setTurned] = useState<ReadonlySet<string>>(new Set())
  const tree = useMemo(() => treeOf(timeline), [timeline])
  const rows = useMemo(() => rowsOf(tree, turned), [tree, turned])
  const places = useMemo(() => placesOf(rows), [rows])
  return {
    rows,
    places,
    turn(row) {
      if (row.kind !== 'group') return
      const next = new Set(turned)
      if (!next.delete(row.id)) next.add(row.id)
      setTurned(next)
    },
    foldAll: (folded) => setTurned(turnedAll(tree, folded)),
  }
}
