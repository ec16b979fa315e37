/** Parts of a Markdown page that programs write. */
import { readFileSync, writeFileSync } from 'node:fs'

export interface Markers {
  readonly begin: string
  readonly end: string
}

/**
 * Puts `text` between the markers, in place of what is there.
 * @throws Error when the page has not both of them, in this order
 */
export function writeSection(page: string | URL, { begin, end }: Markers, text: string): void {
  const before = readFileSync(page, 'utf8')
  const [from, to] = [before.indexOf(begin), before.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`${String(page)} has no section between ${begin} and ${end}`)
  writeFileSync(page, `${before.slice(0, from)}${begin}\n\n${text.trim()}\n\n${before.slice(to)}`)
}

/** @param align of every column but the first */
export function tableLines(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  align: 'left' | 'right' = 'left',
): readonly string[] {
  const rule = head.map((_, column) => (align === 'right' && column > 0 ? '---:' : '---'))
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`)
}
