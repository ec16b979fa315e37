/**
 * Large payloads in pieces, so that neither writing one nor reading it holds the event loop up for long. A payload in
 * the journal that is in pieces says so in the form of `pieces.ts`; every other one stays as it was.
 */
import type { Migration } from './migration.ts'

export const pieces: Migration = {
  version: 3,
  sql: `
    CREATE TABLE pieces (
      run INTEGER NOT NULL,
      seq INTEGER NOT NULL, -- of the entry in the journal
      n INTEGER NOT NULL, -- counts from 0
      text TEXT NOT NULL,
      UNIQUE (run, seq, n)
    ) STRICT;
  `,
}
