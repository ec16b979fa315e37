/** What the embedded engine comes to with the same programs, undisturbed. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { createEngine } from '../../../src/index.ts'
import type { Outcome } from '../model.ts'
import { outcomeOf } from '../outcome.ts'
import { torture } from '../perform.ts'
import { eventsOf } from '../program.ts'
import type { Root } from './plan.ts'

const ignore = (): void => undefined
const SILENT = { executing: () => 0, begins: ignore, effect: ignore, saw: ignore }

/** Runs as one has them in hand, without notes of what their steps do. */
export const handles = torture(() => SILENT, ignore)

/** @returns by id of the root */
export async function embeddedOutcomes(roots: readonly Root[]): Promise<ReadonlyMap<string, Outcome>> {
  const dir = mkdtempSync(join(tmpdir(), 'torture-embedded-'))
  const engine = createEngine({ dir, durability: 'process-crash' })
  try {
    const outcomes = roots.map(async ({ id, body, cancelAfter }) => {
      const run = await handles.start(body, { id, engine })
      for (const event of eventsOf(body)) await run.signal(event, event)
      if (cancelAfter !== undefined) {
        await pause(cancelAfter)
        await run.cancel('torture')
      }
      return [id, await outcomeOf(run)] as const
    })
    return new Map(await Promise.all(outcomes))
  } finally {
    await engine.stop({ grace: 0 })
    rmSync(dir, { recursive: true, force: true })
  }
}
