/** The schema's history, in order. A migration that has shipped is never edited. */
import { initial } from './0001-initial.ts'
import type { Migration } from './migration.ts'

export const migrations: readonly Migration[] = [initial]

export const LATEST: number = Math.max(...migrations.map((migration) => migration.version))
