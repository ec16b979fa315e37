/** Verbs: looking after the file. */
import { boolean, checkOptions, name as checkPath } from '../../core/check.ts'
import type { Maintenance } from '../../core/ports/maintenance.ts'
import type { Access } from './access.ts'
import { backUp } from './backup.ts'
import type { Connection } from './connection.ts'
import { diagnose } from './doctor.ts'
import { closed } from './errors.ts'
import type { Patience } from './patience.ts'
import { vacuum } from './vacuum.ts'

export function maintenanceVerbs(
  access: Access,
  { db, path }: Connection,
  patience: Patience,
): { readonly maintenance: Maintenance } {
  return {
    maintenance: {
      async backup(to) {
        checkPath(to, 'backup() path')
        if (!db.isOpen) throw closed(path)
        return await backUp(path, to, patience)
      },
      async vacuum(options) {
        checkOptions('vacuum()', options, { full: boolean })
        return await vacuum(access, db, options?.full === true)
      },
      doctor: () => diagnose(path, patience.clock.now()),
    },
  }
}
