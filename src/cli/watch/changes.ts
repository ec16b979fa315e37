/** What has changed between one look at a run and the next, a line for each operation, or for many alike. */
import { durationText } from '../../core/duration-text.ts'
import type { Timeline, TimelineOperation } from '../../timeline/timeline.ts'
import { printable } from '../text/printable.ts'
import { plural } from '../text/units.ts'
import { pattern, WORTH_FOLDING } from '../timeline/lanes.ts'

interface Change {
  readonly at: number
  readonly name: string
  /** Of those that may be told together: what they have in common. Absent of what went wrong. */
  readonly family: string | undefined
  readonly text: string
}

export class Changes {
  readonly #seen = new Map<string, string>()
  #status: string | undefined

  /**
   * Of the first look, how far the run has come; of every other one, what is new, in the order in which it happened. What came and
   * went between two looks is told as it is now.
   */
  linesOf(timeline: Timeline): string[] {
    const { run, operations } = timeline
    const changes = operations.flatMap((operation) => this.#changeOf(operation))
    const status = run.status === this.#status ? [] : [statusLine(timeline)]
    const isFirst = this.#status === undefined
    this.#status = run.status
    if (isFirst) return status
    const told = folded(changes).sort((a, b) => a.at - b.at)
    return [
      ...told.map(({ at, name, text }) => `${durationText(at - run.from).padStart(9)}  ${name}: ${text}`),
      ...status,
    ]
  }

  #changeOf(operation: TimelineOperation): Change[] {
    const { kind, key, state, spans, until, from } = operation
    const id = `${kind} ${key}`
    const text = textOf(operation)
    if (this.#seen.get(id) === text) return []
    this.#seen.set(id, text)
    // Ten thousand that wait for a place are no news.
    if (state === 'queued') return []
    const name = kind === 'compensation' ? `undo ${printable(key)}` : printable(key)
    const isUsual = state === 'done' || state === 'running' || state === 'waiting'
    return [
      {
        at: until ?? spans.at(-1)?.from ?? from,
        name,
        family: isUsual ? `${state} ${pattern(name)}` : undefined,
        text,
      },
    ]
  }
}

/** Those alike are told where the last of them is. */
function folded(changes: readonly Change[]): Change[] {
  const families = Map.groupBy(changes, ({ family, name }) => family ?? `alone ${name}`)
  return [...families].flatMap(([, members]) => {
    const last = members.toSorted((a, b) => a.at - b.at).at(-1)
    if (last?.family === undefined || members.length < WORTH_FOLDING) return members
    const [state = ''] = last.family.split(' ', 1)
    return [{ ...last, name: `${pattern(last.name)} ×${members.length.toLocaleString('en')}`, text: state }]
  })
}

function statusLine({ run, operations, at }: Timeline): string {
  const ended = operations.filter(({ until }) => until !== undefined).length
  const since = durationText((run.until ?? at) - run.from)
  const name = run.workflow === undefined ? '' : ` of workflow ${JSON.stringify(printable(run.workflow))}`
  const how = run.until === undefined ? `${run.status} for ${since}` : `${run.status} after ${since}`
  return `Run ${printable(run.id)}${name}: ${how}, ${ended.toLocaleString('en')} of ${plural(operations.length, 'operation')} ended`
}

function textOf({ state, attempts, spans, until, ignoresSignal }: TimelineOperation): string {
  const ignores = ignoresSignal ? ', ignores its signal' : ''
  if (state === 'backing-off') return `attempt ${attempts} failed, backing off${ignores}`
  const begun = spans.find(({ phase }) => phase !== 'queued')
  const took = until === undefined || begun === undefined ? '' : ` after ${durationText(until - begun.from)}`
  return `${state}${took}${attempts > 1 ? `, attempt ${attempts}` : ''}${ignores}`
}
