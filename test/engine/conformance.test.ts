/** The embedded engine does what every engine must. */
import { engineCases, type EnginePlace } from 'ai-workflows/testing'
import { describe, expect, it } from 'vitest'
import { type Place, PLACES, sandbox, type Sandbox } from '../spec/support/sandbox.ts'

function embedded(where: Place): EnginePlace {
  let box: Sandbox | undefined
  let flows: Parameters<EnginePlace['open']>[0] = []
  return {
    async open(workflows, log) {
      box = await sandbox(where, { log, patience: 100 })
      flows = workflows
      await box.engine.work(flows)
      return box.engine
    },
    async restart() {
      const engine = (await box?.restart()) ?? expect.unreachable()
      await engine.work(flows)
      return engine
    },
  }
}

describe.each(PLACES)('the embedded engine, on %s', (where) => {
  it.for(engineCases)('$name', async ({ run }) => {
    await expect(run(embedded(where))).resolves.toBeUndefined()
  })
})
