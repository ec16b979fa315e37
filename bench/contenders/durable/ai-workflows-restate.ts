import { sum } from '../../contender.ts'
import type { DurableContender } from '../../contender.ts'
import { ourWorkflows, sessionOf } from './support/ours.ts'
import { keptPort, post } from './support/restate.ts'

const RECORDED = `select entry_json from sys_journal where entry_type = 'Notification: Run'`

interface Entry {
  readonly Notification: {
    readonly Completion: { readonly Run: { readonly result: { readonly Success: number[] } } }
  }
}

/** An entry has the outcomes of all steps that ended since the one before. */
function stepsIn(entry: string): number {
  const { result } = (JSON.parse(entry) as Entry).Notification.Completion.Run
  const happened = JSON.parse(Buffer.from(result.Success).toString()) as { readonly kind: string }[]
  return happened.filter(({ kind }) => kind === 'step-done').length
}

export const contender: DurableContender = {
  name: 'ai-workflows on Restate',
  kind: 'ours',
  package: '@restatedev/restate-sdk',
  durability: 'that of the Restate server below; one entry for all steps of a turn',
  scenarios: { A: 'comparable', B: 'comparable', C: 'comparable', D: 'comparable' },
  server: 'restate',
  open: async (place) => {
    const { restate, serve } = await import('ai-workflows/restate')
    const [ingress = '', admin = ''] = place.url.split(' ')
    const flows = ourWorkflows(place)
    const port = await keptPort(place.directory)
    const address = `http://127.0.0.1:${port}`
    const server = await serve({ workflows: [flows.sequence, flows.fanOut], port, admin, address })
    return {
      ...sessionOf(flows, restate({ ingress, admin })),
      recorded: async () => {
        const { rows } = (await post(`${admin}/query`, { query: RECORDED })) as {
          rows: { entry_json: string }[]
        }
        return sum(rows.map(({ entry_json: entry }) => stepsIn(entry)))
      },
      close: () => server.stop({ grace: 0 }),
    }
  },
}
