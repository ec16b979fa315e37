import type { Logger } from './ports/logger.ts'
import type { Run } from './run.ts'

/** Says which operations of a run that has ended never ran, and where they were created (M5). */
export function reportNeverAwaited(run: Run, log: Logger): void {
  for (const { title, place } of run.neverAwaited())
    log.warn(`${title} was created but never awaited, so it never ran (${place})`, { run: run.runId })
}
