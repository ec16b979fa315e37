/**
 * Numbers that are never given twice, so that runs can be deleted; runs that wait without being executed, leases, retries
 * from a step, forks, and steps that ignored their signal.
 */
import type { Migration } from './migration.ts'

/**
 * AUTOINCREMENT: without it SQLite gives the number of a deleted newest row to the next one, and a claim or a reader of
 * the inbox that still holds the old number would take one for the other. Notes get an id of their own because a VACUUM
 * may renumber rows that have none, and `notes_base` refers to them.
 */
const NEVER_REUSED = `
  CREATE TABLE runs_2 (
    no INTEGER PRIMARY KEY AUTOINCREMENT,
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
    notes_base INTEGER NOT NULL, -- id of the last note before the last fresh start
    created_at REAL NOT NULL,
    ended_at REAL,
    owner TEXT,
    epoch INTEGER NOT NULL
  ) STRICT;
  INSERT INTO runs_2 SELECT * FROM runs ORDER BY no;
  DROP TABLE runs;
  ALTER TABLE runs_2 RENAME TO runs;
  -- Each ends in the rowid, which is the run's number: one status of a workflow is found in the order of creation.
  CREATE INDEX runs_by_status ON runs (status);
  CREATE INDEX runs_by_workflow ON runs (workflow, status);
  CREATE INDEX runs_by_parent ON runs (parent, status);

  CREATE TABLE inbox_2 (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    payload TEXT NOT NULL,
    at REAL NOT NULL,
    consumed_by INTEGER -- seq of the completion
  ) STRICT;
  INSERT INTO inbox_2 SELECT * FROM inbox ORDER BY id;
  DROP TABLE inbox;
  ALTER TABLE inbox_2 RENAME TO inbox;
  CREATE INDEX inbox_pending ON inbox (run) WHERE consumed_by IS NULL;
  CREATE INDEX inbox_consumed ON inbox (run) WHERE consumed_by IS NOT NULL;

  CREATE TABLE notes_2 (
    id INTEGER PRIMARY KEY,
    run INTEGER NOT NULL,
    key TEXT NOT NULL,
    at REAL NOT NULL,
    kind TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    due REAL NOT NULL
  ) STRICT;
  INSERT INTO notes_2 SELECT rowid, * FROM notes ORDER BY rowid;
  DROP TABLE notes;
  ALTER TABLE notes_2 RENAME TO notes;
  CREATE INDEX notes_by_run ON notes (run);

  -- Runs that are deleted, whose journals, notes and inboxes still are to be: that is done a little at a time.
  CREATE TABLE pruned (run INTEGER PRIMARY KEY) STRICT;
`

export const severalProcesses: Migration = {
  version: 2,
  sql: `
    ${NEVER_REUSED}
    ALTER TABLE runs ADD COLUMN wake_at REAL; -- when a waiting run wants to be executed again; NULL: when something is sent to it
    ALTER TABLE runs ADD COLUMN dropped TEXT; -- JSON, [[from, to], …]: entries of earlier orders that a retry may not reuse
    ALTER TABLE runs ADD COLUMN earlier TEXT; -- JSON, [base, …]: where each earlier order began
    ALTER TABLE runs ADD COLUMN forked_from TEXT;
    ALTER TABLE owners ADD COLUMN lease REAL NOT NULL DEFAULT 30000;

    -- What an owner has, and what nobody has: found without looking at the runs that have ended.
    CREATE INDEX runs_executed ON runs (owner) WHERE status = 'running';
    CREATE INDEX runs_waiting ON runs (owner, wake_at) WHERE status = 'waiting';
    CREATE INDEX runs_pending ON runs (workflow) WHERE owner IS NULL AND status = 'pending';
    CREATE INDEX runs_adoptable ON runs (workflow, wake_at) WHERE owner IS NULL AND status = 'waiting';
    -- What has ended, by when: for retention. Children go with their parents.
    CREATE INDEX runs_by_end ON runs (status, ended_at) WHERE ended_at IS NOT NULL AND parent IS NULL;

    CREATE TABLE zombies (
      -- Of its own: an attempt can be there twice, since a retried run counts from 1 again. Never used again: a process
      -- that was taken for dead may remove what others have removed before.
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      run INTEGER NOT NULL,
      key TEXT NOT NULL,
      attempt INTEGER NOT NULL,
      owner TEXT NOT NULL,
      since REAL NOT NULL,
      reason TEXT NOT NULL
    ) STRICT;
    CREATE INDEX zombies_by_run ON zombies (run);
    CREATE INDEX zombies_by_owner ON zombies (owner);
  `,
}
