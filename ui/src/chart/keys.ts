/** What the keys do in the chart: as in any tree, and + − 0 for the time, Shift with arrows to move in it. */
import type { Row } from './rows.ts'

type Action =
  | { readonly kind: 'go'; readonly place: number }
  | { readonly kind: 'zoom'; readonly factor: number }
  | { readonly kind: 'pan'; readonly by: number }
  | { readonly kind: 'fit' | 'fold' | 'pick' | 'leave' }

interface Around {
  readonly row: Row | undefined
  readonly at: number
  readonly rows: readonly Row[]
  /** Rows in sight. */
  readonly page: number
}

export function keyAction(event: KeyboardEvent, around: Around): Action | undefined {
  const { key, shiftKey, ctrlKey, metaKey, altKey } = event
  if (ctrlKey || metaKey || altKey) return undefined
  const { row, at, rows, page } = around
  if (shiftKey && (key === 'ArrowLeft' || key === 'ArrowRight'))
    return { kind: 'pan', by: key === 'ArrowLeft' ? -1 : 1 }
  switch (key) {
    case 'ArrowDown':
      return { kind: 'go', place: at + 1 }
    case 'ArrowUp':
      return { kind: 'go', place: at - 1 }
    case 'PageDown':
      return { kind: 'go', place: at + page }
    case 'PageUp':
      return { kind: 'go', place: at - page }
    case 'Home':
      return { kind: 'go', place: 0 }
    case 'End':
      return { kind: 'go', place: rows.length - 1 }
    case 'ArrowRight':
      if (row?.kind !== 'group') return undefined
      return row.folded ? { kind: 'fold' } : { kind: 'go', place: at + 1 }
    case 'ArrowLeft':
      if (row?.kind === 'group' && !row.folded) return { kind: 'fold' }
      return { kind: 'go', place: parentOf(rows, at) }
    case 'Enter':
    case ' ':
      return { kind: 'pick' }
    case '+':
    case '=':
      return { kind: 'zoom', factor: 1 / 1.6 }
    case '-':
      return { kind: 'zoom', factor: 1.6 }
    case '0':
      return { kind: 'fit' }
    case 'Escape':
      return { kind: 'leave' }
    default:
      return undefined
  }
}

function parentOf(rows: readonly Row[], at: number): number {
  const depth = rows[at]?.depth ?? 0
  for (let place = at - 1; place >= 0; place--) if ((rows[place]?.depth ?? 0) < depth) return place
  return at
}
