/** What a group is made of, in the form in which a note keeps it: a few characters, also for ten thousand branches. */
import type { GroupShape, Key } from './ports/effects.ts'

/** Of more it takes milliseconds to write them down, and nobody can tell them apart. */
export const MOST_MEMBERS = 20_000

/** Keys that count upwards: how they begin, the first number, and how many. */
type Series = readonly [prefix: string, first: number, count: number]

interface Stored {
  readonly kind: GroupShape['kind']
  readonly limit?: number
  readonly size: number
  readonly members?: readonly (Key | Series)[]
}

export function encodeShape({ kind, limit, size, members }: GroupShape): string {
  const stored: Stored = {
    kind,
    ...(limit !== undefined && { limit }),
    size,
    ...(members !== undefined && { members: seriesOf(members) }),
  }
  return JSON.stringify(stored)
}

/** @returns undefined for what `encodeShape` did not write: a timeline has one group less then */
export function decodeShape(text: string): GroupShape | undefined {
  let stored: unknown
  try {
    stored = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isStored(stored)) return undefined
  const { kind, limit, size, members } = stored
  return { kind, limit, size, members: members?.flatMap(keysOf) }
}

function seriesOf(members: readonly Key[]): (Key | Series)[] {
  const found: (Key | Series)[] = []
  for (let at = 0; at < members.length;) {
    const series = seriesFrom(members, at)
    found.push(series ?? (members[at] as Key))
    at += series?.[2] ?? 1
  }
  return found
}

function seriesFrom(members: readonly Key[], from: number): Series | undefined {
  const match = /^(.*?)(0|[1-9]\d{0,14})$/s.exec(members[from] as Key)
  const [, prefix, digits] = match ?? []
  if (prefix === undefined) return undefined
  const first = Number(digits)
  let count = 1
  while (from + count < members.length && members[from + count] === `${prefix}${first + count}`) count++
  return count > 1 ? [prefix, first, count] : undefined
}

function keysOf(member: Key | Series): readonly Key[] {
  if (typeof member === 'string') return [member]
  const [prefix, first, count] = member
  return Array.from({ length: count }, (_, index) => `${prefix}${first + index}`)
}

function isStored(value: unknown): value is Stored {
  if (typeof value !== 'object' || value === null) return false
  const { kind, limit, size, members } = value as Partial<Record<keyof Stored, unknown>>
  return (
    (kind === 'parallel' || kind === 'race' || kind === 'any') &&
    (limit === undefined || isCount(limit)) &&
    isCount(size) &&
    (members === undefined || isMembers(members))
  )
}

function isMembers(value: unknown): value is readonly (Key | Series)[] {
  if (!Array.isArray(value)) return false
  let total = 0
  for (const each of value as unknown[]) {
    if (typeof each !== 'string' && !isSeries(each)) return false
    total += typeof each === 'string' ? 1 : each[2]
  }
  return total <= MOST_MEMBERS
}

function isSeries(value: unknown): value is Series {
  return Array.isArray(value) && typeof value[0] === 'string' && isCount(value[1]) && isCount(value[2])
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
