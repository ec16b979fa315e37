import type { Codec } from '../../core/codec/codec.ts'
import { messageOf } from '../../core/errors.ts'
import type { Encoded } from '../../core/ports/effects.ts'
import type { Zombie } from '../../core/ports/engine.ts'
import type { RunDetails } from '../../engine/embedded-engine.ts'
import { type OperationRow, standing } from './operations.ts'
import { type Summary, summaryDocument } from './summary.ts'
import { zombieDocument } from './zombie-table.ts'

/** What an unfinished run may be waiting for. */
export interface Waiting {
  /** Durable timers that have not fired: key and deadline. */
  readonly sleeps: readonly { readonly key: string; readonly due: number }[]
  /** Names of events that were sent and that no code has asked for yet. */
  readonly events: readonly string[]
  readonly cancelRequested: boolean
}

export function waitingOf(details: RunDetails): Waiting {
  const { notes, inbox } = details
  const fired = new Set(standing(details).map(({ completion }) => completion.key))
  return {
    sleeps: notes
      .filter(({ kind, key }) => kind === 'due' && !fired.has(key) && !key.includes('!'))
      .map(({ key, due }) => ({ key, due })),
    events: inbox.filter(({ kind }) => kind === 'event').map(({ name }) => name),
    cancelRequested: inbox.some(({ kind }) => kind === 'cancel'),
  }
}

/** A value that cannot be read any more (its class is not registered here) must not hide the rest. */
export function decoded(codec: Codec, encoded: Encoded): unknown {
  try {
    return codec.decode(encoded)
  } catch (error) {
    return `(cannot be read here: ${messageOf(error)})`
  }
}

/** For `--json`. */
export function detailsDocument(
  codec: Codec,
  summary: Summary,
  parts: {
    operations: readonly OperationRow[]
    children: readonly Summary[]
    waiting: Waiting
    zombies: readonly Zombie[]
  },
  now: number,
): object {
  const { input, output, error } = summary.record
  const { operations, children, waiting, zombies } = parts
  return {
    ...summaryDocument(summary, now),
    input: decoded(codec, input) ?? null,
    ...(output === undefined ? {} : { output: decoded(codec, output) ?? null }),
    ...(error === undefined ? {} : { error: decoded(codec, error) ?? null }),
    operations: operations.map((row) => operationDocument(codec, row)),
    children: children.map((child) => summaryDocument(child, now)),
    waiting: { ...waiting, sleeps: waiting.sleeps.map(({ key, due }) => ({ key, due: new Date(due) })) },
    zombies: zombies.map((zombie) => zombieDocument(zombie, now)),
  }
}

function operationDocument(
  codec: Codec,
  { key, kind, status, attempts, startedAt, endedAt, error }: OperationRow,
): object {
  return {
    key,
    kind,
    status,
    attempts,
    startedAt: startedAt === undefined ? null : new Date(startedAt),
    endedAt: endedAt === undefined ? null : new Date(endedAt),
    durationMs: startedAt === undefined || endedAt === undefined ? null : endedAt - startedAt,
    ...(error === undefined ? {} : { error: decoded(codec, error) }),
  }
}
