/** What has changed between one look at a run and the next, a line for each operation. */
import { durationText } from '../../core/duration-text.ts'
import type { Timeline, TimelineOperation } from '../../timeline/timeline.ts'
import { printable } from '../text/printable.ts'
import { plural } from '../text/units.ts'

export class Changes {
  readonly #seen = new Map<string, string>()
  #status: string | undefined

  /**
   * Of the first look, how far the run has come; of every other one, what is new, in the order in which it happened. What came and
   * went between two looks is told as it is now.
   */
  linesOf(timeline: Timeline): string[] {
    const { run, operations } = timeline
    const isFirst = this.#status === undefined
    const news: { readonly at: number; readonly text: string }[] = []
    for (const operation of operations) {
      const id = `${operation.kind} ${operation.key}`
      const text = textOf(operation)
      if (this.#seen.get(id) === text) continue
      this.#seen.set(id, text)
      // Ten thousand that wait for a place are no news.
      if (operation.state === 'queued') continue
      news.push({ at: momentOf(operation), text: `${nameOf(operation)}: ${text}` })
    }
    const status = run.status === this.#status ? [] : [statusLine(timeline)]
    this.#status = run.status
    if (isFirst) return status
    const told = news.sort((a, b) => a.at - b.at)
    return [...told.map(({ at, text }) => `${durationText(at - run.from).padStart(9)}  ${text}`), ...status]
  }
}

function statusLine({ run, operations, at }: Timeline): string {
  const ended = operations.filter(({ until }) => until !== undefined).length
  const since = durationText((run.until ?? at) - run.from)
  const name = run.workflow === undefined ? '' : ` of workflow ${JSON.stringify(printable(run.workflow))}`
  const how = run.until === undefined ? `${run.status} for ${since}` : `${run.status} after ${since}`
  return `Run ${printable(run.id)}${name}: ${how}, ${ended.toLocaleString('en')} of ${plural(operations.length, 'operation')} ended`
}

function nameOf({ kind, key }: TimelineOperation): string {
  return kind === 'compensation' ? `undo ${printable(key)}` : printable(key)
}

/** When it came into its state. */
function momentOf({ spans, until, from }: TimelineOperation): number {
  return until ?? spans.at(-1)?.from ?? from
}

function textOf({ state, attempts, spans, until, ignoresSignal }: TimelineOperation): string {
  const begun = spans.find(({ phase }) => phase !== 'queued')
  const took = until === undefined || begun === undefined ? '' : ` after ${durationText(until - begun.from)}`
  const attempt = attempts > 1 ? `, attempt ${attempts}` : ''
  const ignores = ignoresSignal ? ', ignores its signal' : ''
  return `${state === 'backing-off' ? 'backing off' : state}${took}${attempt}${ignores}`
}
