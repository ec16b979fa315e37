/** Verbs: looking after the file. Each is loaded when it is asked for: most programs never do. */
import { boolean, checkOptions, name as checkPath } from '../../core/check.ts'
import type { Maintenance } from '../../core/ports/maintenance.ts'
import type { Access } from './access.ts'
import type { Connection } from './connection.ts'
import { closed } from './errors.ts'
import type { Patience } from './patience.ts'

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
        const { backUp } = await import('./backup.ts')
        return await backUp(path, to, patience)
      },
      async vacuum(options) {
        checkOptions('vacuum()', options, { full: boolean })
        const { vacuum } = await import('./vacuum.ts')
        return await vacuum(access, db, options?.full === true)
      },
      async doctor() {
        const { diagnose } = await import('./doctor.ts')
        return await diagnose(path, patience.clock.now())
      },
    },
  }
}
