import { workflow } from 'ai-workflows'
import { sandbox, started } from '../spec/support/sandbox.ts'

export interface Lived<T> {
  /** What the run returned. */
  readonly result: T
  /** The run's steps, in the order in which they began. */
  readonly steps: readonly string[]
  /** What starting the same id again gave: in the same process, and in a new one over the same file. */
  readonly again: readonly [T, T]
  /** Steps that began for `again`. */
  readonly repeated: readonly string[]
}

/** Executes an example inside a workflow, on a real SQLite file, and once more in each of two ways. */
export async function inWorkflow<T>(example: () => Promise<T>): Promise<Lived<T>> {
  const box = await sandbox('sqlite')
  const host = workflow({ name: 'host', execute: async () => await example() })
  const result = await host.run(null, { engine: box.engine, id: 'example' })
  const steps = started(box.events)
  const same = await host.run(null, { engine: box.engine, id: 'example' })
  await box.restart()
  const other = await host.run(null, { engine: box.engine, id: 'example' })
  return { result, steps, again: [same, other], repeated: started(box.events).slice(steps.length) }
}
