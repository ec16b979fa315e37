/** Lives, told to people. */
import { inspect } from 'node:util'
import type { Completion, Encoded } from '../../core/ports/effects.ts'
import type { Life } from './life.ts'
import { placeOf, type RunEnd } from './live-run.ts'
import type { Plan } from './plan.ts'

/** So many lines that two lives have in common are told; of more, the last. */
const MOST_COMMON = 10

/** One life, with a crash after `crashAt` completions. */
export function tell(life: Life, plan: Plan, crashAt?: number): string {
  const lines = linesOf(life, plan)
  if (crashAt !== undefined) {
    let entries = 0
    let at = 0
    while (at < life.taken.length && entries < crashAt) if (life.taken[at++]?.entry !== undefined) entries++
    lines.splice(at, 0, 'the process crashes, and the run is resumed')
  }
  return numbered(lines, 1)
}

/** Two lives: what they have in common, and how each goes on. */
export function tellBoth(one: Life, other: Life, plan: Plan): string {
  const [a, b] = [linesOf(one, plan), linesOf(other, plan)]
  let common = 0
  while (common < a.length && a[common] === b[common]) common++
  const hidden = Math.max(0, common - MOST_COMMON)
  const shared = numbered(a.slice(hidden, common), hidden + 1)
  return [
    ...(hidden > 0 ? [`  … (${hidden} more)`] : []),
    ...(common > 0 ? [shared] : []),
    'In one order:',
    numbered(a.slice(common), common + 1),
    `  → ${endText(one.end, plan)}`,
    'In the other:',
    numbered(b.slice(common), common + 1),
    `  → ${endText(other.end, plan)}`,
  ].join('\n')
}

export function endText(end: RunEnd | undefined, plan: Plan): string {
  if (end === undefined) return 'no end'
  return end.status === 'completed'
    ? `output ${value(end.payload, plan)}`
    : `${end.status}: ${value(end.payload, plan)}`
}

function linesOf(life: Life, plan: Plan): string[] {
  return life.taken.map(({ label, entry }) =>
    entry === undefined
      ? without(label)
      : happened(placeOf(entry.run, entry.completion.key), entry.completion, plan),
  )
}

function happened(place: string, completion: Completion, plan: Plan): string {
  const name = nice(place)
  switch (completion.kind) {
    case 'step-done':
      return `${name} is done: ${value(completion.payload, plan)}`
    case 'step-failed':
      return `${name} fails${completion.retryAt === undefined ? '' : ', to be tried again'}: ${value(completion.payload, plan)}`
    case 'timer-fired':
      return `the time of ${name} is up`
    case 'event-received':
      return `${name} receives the event "${completion.name}": ${value(completion.payload, plan)}`
    case 'event-failed':
      return `${name} fails: ${value(completion.payload, plan)}`
    case 'child-done':
      return `child ${name} is done: ${value(completion.payload, plan)}`
    case 'child-failed':
      return `child ${name} fails: ${value(completion.payload, plan)}`
    case 'cancel-requested':
      return 'the run is cancelled'
    case 'aborted':
    case 'abort-absent':
    case 'stopped':
      return `${name}: ${completion.kind}`
  }
}

/** Choices that nothing is recorded of. */
function without(label: string): string {
  const [, what = '', place = label] = /^!(\w+) (.*)$/s.exec(label) ?? []
  const told: Readonly<Record<string, string>> = {
    fail: `${nice(place)} will fail`,
    hang: `${nice(place)} will hang`,
    retry: `${nice(place)} is tried again`,
  }
  return told[what] ?? label
}

function nice(place: string): string {
  const [operation = place, attempt] = place.split(' !attempt ')
  const [key = operation, child] = operation.split(' !of ')
  const name = child === undefined ? `"${key}"` : `"${key}" of ${child}`
  return attempt === undefined ? name : `${name}, attempt ${attempt},`
}

function value(encoded: Encoded, { codec }: Plan): string {
  const decoded = codec.decode(encoded)
  const text =
    decoded instanceof Error
      ? `${decoded.name}: ${decoded.message}`
      : inspect(decoded, { depth: 4, compact: true, breakLength: Number.POSITIVE_INFINITY })
  return text.length > 160 ? `${text.slice(0, 159)}…` : text
}

function numbered(lines: readonly string[], from: number): string {
  if (lines.length === 0) return '  (nothing happens)'
  return lines.map((line, index) => `  ${from + index}. ${line}`).join('\n')
}
