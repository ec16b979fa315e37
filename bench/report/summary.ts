/** What the tables come to: per scenario, who is ahead of whom. */
import type { Results } from '../results.ts'
import { SCENARIOS } from '../scenarios.ts'
import { tableLines } from '../section.ts'
import { shown } from '../statistics.ts'
import { fastestOf, rowsOf, winners } from './rows.ts'
import type { Row } from './rows.ts'

/** Where ours, and the fastest peer that does the same, stand; whoever is faster in bold letters. */
export function summaryOf(results: Results): string {
  const lines = SCENARIOS.flatMap((scenario) => {
    const rows = rowsOf(results, scenario)
    const [ours, peer] = [fastestOf('ours', rows), fastestOf('peer', rows)]
    if (ours === undefined) return []
    const figure = (row: Row | undefined): string =>
      row === undefined ? '' : `${shown(row.value.median)} ${scenario.unit}`
    const won = winners(rows).length > 0
    const fastest = peer === undefined ? 'none measured' : `${peer.note.name}: ${figure(peer)}`
    return [
      [
        `${scenario.id}. ${scenario.title}`,
        figure(ours),
        ours.ofFloor?.toFixed(2) ?? '',
        won ? `**${fastest}**` : fastest,
        peer?.ofOurs?.toFixed(2) ?? '',
      ],
    ]
  })
  const head = ['scenario', 'ai-workflows', '× floor', 'fastest comparable peer', '× ours']
  return tableLines(head, lines).join('\n')
}

/** Who is faster than ours, and how much. */
export function verdictOf(rows: readonly Row[]): string {
  if (fastestOf('ours', rows) === undefined) return 'ai-workflows has no figure here.'
  const faster = winners(rows).map(({ note, ofOurs = 1 }) => `${note.name} (${shown(1 / ofOurs)} ×)`)
  return `Peers that are faster here: ${faster.length === 0 ? 'none' : faster.join(', ')}.`
}
