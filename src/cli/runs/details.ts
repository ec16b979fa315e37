import type { Codec } from '../../core/codec/codec.ts'
import { messageOf } from '../../core/errors.ts'
import type { Encoded } from '../../core/ports/effects.ts'
import type { Zombie } from '../../core/ports/engine.ts'
import type { Waiting } from '../../core/run-waits.ts'
import type { OperationRow } from './operations.ts'
import { type Summary, summaryDocument } from './summary.ts'
import { zombieDocument } from './zombie-table.ts'

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
