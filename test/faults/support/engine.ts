import { createEngine, type EmbeddedEngine, type EngineOptions } from 'ai-workflows'
import { onTestFinished } from 'vitest'
import { LogBook } from '../../spec/support/sandbox.ts'

/** A quiet engine over the runs in a folder, stopped at once when the test has finished. */
export function open(dir: string, options: EngineOptions = {}): EmbeddedEngine {
  const engine = createEngine({ dir, durability: 'process-crash', log: new LogBook(), ...options })
  onTestFinished(() => engine.stop({ grace: 0 }))
  return engine
}
