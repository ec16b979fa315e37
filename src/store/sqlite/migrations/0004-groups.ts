/** What groups are made of, for timelines: a note may have a detail. */
import type { Migration } from './migration.ts'

export const groups: Migration = {
  version: 4,
  sql: 'ALTER TABLE notes ADD COLUMN detail TEXT;',
}
