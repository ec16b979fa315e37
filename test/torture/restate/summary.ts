import type { Figures } from './check.ts'

/** A table for people. */
export function summary(rounds: readonly Figures[], failed: number): string {
  const sum = (name: keyof Omit<Figures, 'gaps'>): number =>
    rounds.reduce((total, figures) => total + figures[name], 0)
  const gaps = Map.groupBy(
    rounds.flatMap((figures) => figures.gaps),
    ({ victim }) => victim,
  )
  const seconds = sum('seconds')
  const rows: readonly (readonly [string, number])[] = [
    ['rounds', rounds.length],
    ['seconds', Math.round(seconds)],
    ['roots', sum('roots')],
    ['runs, children included', sum('runs')],
    ['replays', sum('replays')],
    ['step attempts recorded', sum('recorded')],
    ['  a second', Math.round(sum('recorded') / seconds)],
    ['step functions called', sum('calls')],
    ['  again, as the call before was not recorded', sum('repeats')],
    ['  of these, explained by no kill', sum('unexplained')],
    ['  of these, recorded since the execution began', sum('late')],
    ...[...gaps].flatMap(([victim, all]) => {
      const sorted = all.map(({ gap }) => gap).toSorted((one, other) => one - other)
      return [
        [`kills of ${victim}`, all.length],
        ['  ms without any progress, median', Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0)],
        ['  ms without any progress, most', Math.round(sorted.at(-1) ?? 0)],
      ] as const
    }),
    ['rounds that lost or repeated something', failed],
  ]
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows
    .map(([name, value]) => `${name.padEnd(width)}  ${value.toLocaleString('en').padStart(10)}`)
    .join('\n')
}
