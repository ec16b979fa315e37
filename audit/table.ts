import { stripVTControlCharacters } from 'node:util'
import type { Summary } from './summarise.ts'

/** The report for people. */
export function table(summary: Summary): string {
  const { licences, withoutLicence, largest, duplicates, unreadable } = summary
  const sections = [
    section(
      'Licences',
      Object.entries(licences).map(([licence, count]) => [count, licence]),
    ),
    section(
      'Without a licence',
      withoutLicence.map(({ path, licenceFile }) => ['', path, licenceFile ?? '']),
    ),
    section(
      'Largest',
      largest.map(({ path, bytes, files }) => [
        size(bytes),
        path,
        `${files} ${files === 1 ? 'file' : 'files'}`,
      ]),
    ),
    section(
      'Installed more than once',
      duplicates.map(({ name, copies, versions }) => [copies, name, versions.join(', ')]),
    ),
    section(
      'Could not be read',
      unreadable.map(({ path, reason }) => ['', path, reason]),
    ),
  ]
  const total = `${summary.packages} packages in ${summary.root}: ${summary.files} files, ${size(summary.bytes)}`
  return [total, ...sections].join('\n\n')
}

/** Numbers to the right, the rest to the left. */
function section(title: string, rows: readonly (readonly [number | string, ...string[]])[]): string {
  if (rows.length === 0) return `${title}\n  none`
  const cells = rows.map((row) => row.map((cell) => stripVTControlCharacters(String(cell))))
  const width = (column: number): number => Math.max(...cells.map((row) => row[column]?.length ?? 0))
  const lines = cells.map(([first = '', second = '', third = '']) =>
    `${first.padStart(width(0))}  ${third === '' ? second : second.padEnd(width(1))}  ${third}`.trimEnd(),
  )
  return [title, ...lines].join('\n')
}

export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB']
  let value = bytes
  let unit = 0
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`
}
