/** The schema's history, in order. A migration that has shipped is never edited. */
import { initial } from './0001-initial.ts'
import { severalProcesses } from './0002-several-processes.ts'
import { pieces } from './0003-pieces.ts'
import { groups } from './0004-groups.ts'
import type { Migration } from './migration.ts'

export const migrations: readonly Migration[] = [initial, severalProcesses, pieces, groups]

export const LATEST: number = Math.max(...migrations.map((migration) => migration.version))
