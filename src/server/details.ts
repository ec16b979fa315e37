import type { Codec } from '../core/codec/codec.ts'
import { messageOf } from '../core/errors.ts'
import type { Encoded } from '../core/ports/effects.ts'
import type { JournalEntry } from '../core/ports/store.ts'
import { waitingOf } from '../core/run-waits.ts'
import type { Timeline } from '../timeline/timeline.ts'
import type { ApiEntry, ApiRun, ApiRunDetails, ApiTimeline } from './api.ts'
import type { ServedRun } from './engine.ts'
import { type Limits, memberAt, valueTree } from './grow-tree.ts'
import type { PartOfValue } from './parameters.ts'
import { badRequest, Problem } from './problems.ts'
import type { ValueTree } from './value-tree.ts'

const WHOLE: Limits = { members: 200, characters: 20_000, depth: 30, values: 5000, room: 500_000 }
/** Of values of which there may be a thousand in one answer. */
const SMALL: Limits = { members: 20, characters: 1000, depth: 6, values: 60, room: 4000 }
/** Of an error in a timeline, which may have ten thousand. */
const SHORT: Limits = { members: 3, characters: 500, depth: 2, values: 5, room: 1000 }

export function detailsOf(codec: Codec, run: ApiRun, details: ServedRun, retryable: boolean): ApiRunDetails {
  const { input, output, error } = details.record
  return {
    ...run,
    input: treeOf(codec, input, WHOLE),
    ...(output !== undefined && { output: treeOf(codec, output, WHOLE) }),
    ...(error !== undefined && { error: treeOf(codec, error, WHOLE) }),
    waiting: waitingOf(details),
    zombies: details.zombies.map(({ step, key, since }) => ({ step, key, since })),
    retryable,
  }
}

export function entryOf(codec: Codec, { seq, completion }: JournalEntry): ApiEntry {
  const { kind, key, at } = completion
  return {
    seq,
    kind,
    key,
    at,
    ...('attempt' in completion && { attempt: completion.attempt }),
    ...('startedAt' in completion && { startedAt: completion.startedAt }),
    ...('retryAt' in completion && completion.retryAt !== undefined && { retryAt: completion.retryAt }),
    ...('name' in completion && { name: completion.name }),
    ...('payload' in completion && { value: treeOf(codec, completion.payload, SMALL) }),
  }
}

export function timelineDocument(codec: Codec, timeline: Timeline): ApiTimeline {
  return {
    ...timeline,
    operations: timeline.operations.map(({ error, ...rest }) =>
      error === undefined ? rest : { ...rest, error: treeOf(codec, error, SHORT) },
    ),
  }
}

/** @throws {Problem} there is no such part */
export function partOf(codec: Codec, encoded: Encoded, { path, from }: PartOfValue): ValueTree {
  const read = decoded(codec, encoded)
  if ('why' in read) return { kind: 'unreadable', why: read.why }
  let { value } = read
  for (const [depth, at] of path.entries()) {
    const member = memberAt(value, at)
    if (member === undefined)
      throw badRequest(`"path": there is no member ${at} at ${path.slice(0, depth).join(',') || 'the root'}`)
    value = member.value
  }
  return valueTree(value, WHOLE, from)
}

/** @throws {Problem} */
export function requireValue(encoded: Encoded | undefined, of: PartOfValue['of']): Encoded {
  if (encoded !== undefined) return encoded
  const what = typeof of === 'number' ? `entry ${of} with a value` : of
  throw new Problem(404, 'NOT_FOUND', `The run has no ${what}`)
}

/** A value that cannot be read any more (its class is not registered here) must not hide the rest. */
function decoded(codec: Codec, encoded: Encoded): { readonly value: unknown } | { readonly why: string } {
  try {
    return { value: codec.decode(encoded) }
  } catch (error) {
    return { why: messageOf(error) }
  }
}

function treeOf(codec: Codec, encoded: Encoded, limits: Limits): ValueTree {
  const read = decoded(codec, encoded)
  return 'why' in read ? { kind: 'unreadable', why: read.why } : valueTree(read.value, limits)
}
