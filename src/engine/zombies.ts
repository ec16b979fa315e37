import type { CancelledError } from '../core/errors.ts'
import { nameOf } from '../core/key.ts'
import type { Zombie } from '../core/ports/engine.ts'
import type { Owner, RunRecord } from '../core/ports/store.ts'
import type { Parts } from './parts.ts'

/** What the run code of a run that was cancelled is called where steps are listed. */
const RUN_CODE = 'execute'

/** The run's functions that ignore their signal now, in live processes: the others have died with theirs. */
export async function zombiesOf({ store, ownership, codec }: Parts, run: RunRecord): Promise<Zombie[]> {
  const owners = new Map<string, Owner | undefined>()
  const zombies: Zombie[] = []
  for (const { key, attempt, owner: id, since, reason } of await store.readZombies(run.no)) {
    if (!owners.has(id)) owners.set(id, await ownership.findAlive(id))
    const owner = owners.get(id)
    if (owner === undefined) continue
    const { pid, host } = owner
    const step = key === '' ? RUN_CODE : nameOf(key)
    zombies.push({
      step,
      key,
      attempt,
      since,
      reason: codec.decodeError(reason) as CancelledError,
      pid,
      host,
    })
  }
  return zombies
}
