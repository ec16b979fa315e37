/**
 * Append-only rowid tables with integer run numbers: measured at several times the speed of WITHOUT ROWID tables,
 * text ids, or an index on (run, key). Instants are REAL, because a retry delay need not be a whole millisecond.
 * Every TEXT that a user can influence is in the form of `text.ts`.
 */
import type { Migration } from './migration.ts'

export const initial: Migration = {
  version: 1,
  sql: `
    CREATE TABLE runs (
      no INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      workflow TEXT,
      status TEXT NOT NULL,
      input TEXT NOT NULL,
      output TEXT,
      error TEXT,
      parent TEXT,
      parent_key TEXT,
      source TEXT,
      seed TEXT NOT NULL,
      base INTEGER NOT NULL,
      notes_base INTEGER NOT NULL, -- rowid of the last note before the last fresh start
      created_at REAL NOT NULL,
      ended_at REAL,
      owner TEXT,
      epoch INTEGER NOT NULL
    ) STRICT;
    -- Each ends in the rowid, which is the run's number: one status of a workflow is found in the order of creation.
    CREATE INDEX runs_by_status ON runs (status);
    CREATE INDEX runs_by_workflow ON runs (workflow, status);
    CREATE INDEX runs_by_parent ON runs (parent, status);

    CREATE TABLE journal (
      run INTEGER NOT NULL,
      seq INTEGER NOT NULL,
      kind TEXT NOT NULL,
      key TEXT NOT NULL,
      at REAL NOT NULL,
      attempt INTEGER,
      started_at REAL,
      retry_at REAL,
      name TEXT,
      payload TEXT,
      crc INTEGER NOT NULL,
      UNIQUE (run, seq)
    ) STRICT;

    CREATE TABLE notes (
      run INTEGER NOT NULL,
      key TEXT NOT NULL,
      at REAL NOT NULL,
      kind TEXT NOT NULL,
      attempt INTEGER NOT NULL,
      due REAL NOT NULL
    ) STRICT;
    CREATE INDEX notes_by_run ON notes (run);

    CREATE TABLE inbox (
      id INTEGER PRIMARY KEY,
      run INTEGER NOT NULL,
      kind TEXT NOT NULL,
      name TEXT NOT NULL,
      payload TEXT NOT NULL,
      at REAL NOT NULL,
      consumed_by INTEGER -- seq of the completion
    ) STRICT;
    CREATE INDEX inbox_pending ON inbox (run) WHERE consumed_by IS NULL;

    CREATE TABLE owners (
      id TEXT PRIMARY KEY,
      pid INTEGER NOT NULL,
      host TEXT NOT NULL,
      heartbeat_at REAL NOT NULL
    ) STRICT;
  `,
}
