/** Restate does what every engine must. */
import { engineCases, type EnginePlace } from 'ai-workflows/testing'
import { restate, serve, type WorkflowServer } from 'ai-workflows/restate'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { noRestate, type Restate, startRestate, why } from './support/node.ts'

/** What is different there, and documented: docs/scaling-out.md. */
const DIFFERENT: Readonly<Record<string, string>> = {
  'M12: another workflow is a RunConflictError':
    'a run is found by its workflow and its id: two workflows may each have a run of one id',
}

describe.skipIf(noRestate)(`an engine on Restate${why}`, () => {
  let node: Restate
  beforeAll(async () => {
    node = await startRestate()
  })
  afterAll(() => node.stop())

  function place(): EnginePlace {
    let server: WorkflowServer | undefined
    let served: Parameters<EnginePlace['open']> | undefined
    let port = 0
    const { ingress, admin } = node
    onTestFinished(() => server?.stop({ grace: 0 }))
    const begin = async (registered: object): Promise<void> => {
      const [workflows = [], log] = served ?? []
      server = await serve({
        workflows,
        port,
        host: '127.0.0.1',
        ...(log === undefined ? {} : { log }),
        ...registered,
      })
      port = server.port
    }
    return {
      async open(...given) {
        served = given
        await begin({}) // to know which port is free
        return await this.restart()
      },
      async restart() {
        await server?.stop({ grace: 0 })
        await begin({ admin, address: `http://127.0.0.1:${port}` })
        return restate({ ingress, admin })
      },
    }
  }

  it.for(engineCases.filter(({ name }) => !(name in DIFFERENT)))('$name', async ({ run }) => {
    await expect(run(place())).resolves.toBeUndefined()
  })
})
