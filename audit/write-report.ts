import { rename, writeFile } from 'node:fs/promises'
import type { Summary } from './summarise.ts'

/** Writes the report in one rename, so that half a report is never seen, and returns it. */
export async function writeReport(file: string, summary: Summary): Promise<Summary> {
  const draft = `${file}.draft`
  await writeFile(draft, `${JSON.stringify(summary, undefined, 2)}\n`)
  await rename(draft, file)
  return summary
}
