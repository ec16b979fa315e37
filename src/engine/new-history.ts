import type { Claim, Store } from '../core/ports/store.ts'
import type { History } from './history.ts'
import { Recorded } from './recorded.ts'
import { Reusable } from './reusable.ts'

/**
 * The history of a run that its claim created: nothing can be recorded of it. Only its inbox is read, since others may have
 * found the run at once.
 */
export async function historyOfNew(store: Store, id: string, claim: Claim): Promise<History> {
  return {
    recorded: new Recorded(store, id, claim, { base: 0, last: 0, first: [] }),
    lastSeq: 0,
    steps: 0,
    cancelled: false,
    reusable: new Reusable([], new Map()),
    begun: new Map(),
    due: new Map(),
    inbox: await store.pendingInbox(claim.no),
  }
}
