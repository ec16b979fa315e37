/** Verbs: functions that were given up and still run. */
import type { Store } from '../../core/ports/store.ts'
import type { Access } from './access.ts'
import { toZombie, type ZombieRow } from './rows.ts'
import { toText } from './text.ts'

type ZombieVerbs = Pick<Store, 'addZombie' | 'removeZombie' | 'readZombies'>

export function zombieVerbs({ prepare, read, write }: Access): ZombieVerbs {
  const insert = prepare(
    'INSERT INTO zombies (run, key, attempt, owner, since, reason) VALUES (?, ?, ?, ?, ?, ?)',
  )
  const remove = prepare('DELETE FROM zombies WHERE id = ?')
  const ofRun = prepare(
    'SELECT run, key, attempt, owner, since, reason FROM zombies WHERE run = ? ORDER BY id',
  )

  return {
    addZombie: ({ run, key, attempt, owner, since, reason }) =>
      write(() => {
        const { lastInsertRowid } = insert.run(
          run,
          toText(key),
          attempt,
          toText(owner),
          since,
          toText(reason),
        )
        return Number(lastInsertRowid)
      }),
    removeZombie: (id) =>
      write(() => {
        remove.run(id)
      }),
    readZombies: (no) => read(() => (ofRun.all(no) as unknown as ZombieRow[]).map(toZombie)),
  }
}
