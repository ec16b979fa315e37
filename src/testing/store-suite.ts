/**
 * What every `Store` must do, sentence by sentence of the port, as cases that any test runner can run:
 *
 * ```ts
 * for (const { name, run } of storeCases) it(name, () => run(makeStore))
 * ```
 */
import type { StoreCase } from './store-cases/case.ts'
import { claimCases } from './store-cases/claims.ts'
import { commitCases } from './store-cases/commit.ts'
import { exactnessCases } from './store-cases/exactness.ts'
import { inboxCases } from './store-cases/inbox.ts'
import { journalCases } from './store-cases/journal.ts'
import { largeCases } from './store-cases/large.ts'
import { lifeCases } from './store-cases/life.ts'
import { listingCases } from './store-cases/listing.ts'
import { pruneCases } from './store-cases/prune.ts'
import { recoveryCases } from './store-cases/recovery.ts'
import { runCases } from './store-cases/runs.ts'
import { waitingCases } from './store-cases/waiting.ts'
import { zombieCases } from './store-cases/zombies.ts'

export type { MakeStore, StoreCase, StorePlace } from './store-cases/case.ts'

export const storeCases: readonly StoreCase[] = [
  ...runCases,
  ...listingCases,
  ...claimCases,
  ...commitCases,
  ...journalCases,
  ...largeCases,
  ...inboxCases,
  ...pruneCases,
  ...recoveryCases,
  ...waitingCases,
  ...zombieCases,
  ...exactnessCases,
  ...lifeCases,
]
