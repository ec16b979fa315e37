import type { LiveArea } from '../terminal.ts'

/** Below everything else on standard error. Imported when there is a terminal, and not by every command. */
export async function liveArea(): Promise<LiveArea> {
  const { createLogUpdate } = await import('log-update')
  const logUpdate = createLogUpdate(process.stderr)
  return { show: (text) => logUpdate(text), clear: () => logUpdate.clear(), done: () => logUpdate.done() }
}
