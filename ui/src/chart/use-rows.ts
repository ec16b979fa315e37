/** The rows of a chart, and which groups somebody has folded or unfolded. */
import { useMemo, useState } from 'preact/hooks'
import type { Timeline } from '../../../src/timeline/timeline.ts'
import { groupId, placesOf, type Row, rowsOf, treeOf } from './rows.ts'

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
    foldAll(folded) {
      // What is folded by itself depends on its size: from nothing turned, find those that differ.
      const asIs = allGroups(timeline, tree)
      setTurned(new Set(asIs.filter((row) => row.folded !== folded).map(({ id }) => id)))
    },
  }
}

/** Every group as a row, as it is without anybody's hand, those in folded ones too. */
function allGroups({ groups }: Timeline, tree: ReturnType<typeof treeOf>) {
  const asIs = new Map(rowsOf(tree, new Set()).map((row) => [row.id, row]))
  const all = new Set(groups.map(({ key }) => groupId(key)))
  const folded = [...asIs.values()].filter((row) => row.kind === 'group' && row.folded)
  const opened = rowsOf(tree, new Set(folded.map(({ id }) => id)))
  return opened.flatMap((row) =>
    row.kind === 'group' && all.has(row.id)
      ? [{ id: row.id, folded: (asIs.get(row.id) as { folded?: boolean } | undefined)?.folded ?? row.folded }]
      : [],
  )
}
