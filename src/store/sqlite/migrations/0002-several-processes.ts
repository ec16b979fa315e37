/** Runs that wait without being executed, leases, retries from a step, forks, and steps that ignored their signal. */
import type { Migration } from './migration.ts'

export const severalProcesses: Migration = {
  version: 2,
  sql: `
    ALTER TABLE runs ADD COLUMN wake_at REAL; -- when a waiting run wants to be executed again; NULL: when something is sent to it
    ALTER TABLE runs ADD COLUMN dropped TEXT; -- JSON, [[from, to], …]: entries of earlier orders that a retry may not reuse
    ALTER TABLE runs ADD COLUMN forked_from TEXT;
    ALTER TABLE owners ADD COLUMN lease REAL NOT NULL DEFAULT 30000;

    -- What an owner has, and what nobody has: found without looking at the runs that have ended.
    CREATE INDEX runs_executed ON runs (owner) WHERE status = 'running';
    CREATE INDEX runs_waiting ON runs (owner, wake_at) WHERE status = 'waiting';
    CREATE INDEX runs_pending ON runs (workflow) WHERE owner IS NULL AND status = 'pending';
    CREATE INDEX runs_adoptable ON runs (workflow, wake_at) WHERE owner IS NULL AND status = 'waiting';
    -- What has ended, by when: for retention.
    CREATE INDEX runs_by_end ON runs (status, ended_at) WHERE ended_at IS NOT NULL;

    CREATE TABLE zombies (
      run INTEGER NOT NULL,
      key TEXT NOT NULL,
      attempt INTEGER NOT NULL,
      owner TEXT NOT NULL,
      since REAL NOT NULL,
      UNIQUE (run, key, attempt, owner)
    ) STRICT;
    CREATE INDEX zombies_by_owner ON zombies (owner);
  `,
}
