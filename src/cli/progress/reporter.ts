import type { RunEvent } from '../../core/ports/observer.ts'
import type { Terminal } from '../terminal.ts'
import { printable } from '../text/printable.ts'
import { durationText } from '../../core/duration-text.ts'
import { plural } from '../text/units.ts'
import { countsText, progressLines, stepsText } from './lines.ts'
import { liveArea } from './live-area.ts'
import { endedAs, ProgressModel, type RunProgress } from './model.ts'

/** How often the lines on a terminal are renewed, in milliseconds. */
const FRAME = 100
/** A pipe gets at most one report in so many milliseconds … */
const PAUSE = 1000
/** … of at most so many lines. */
const MOST_LINES = 5

/** After these there may be something new to report. */
const REPORTED: ReadonlySet<RunEvent['kind']> = new Set([
  'group.progress',
  'step.completed',
  'step.failed',
  'step.retrying',
])

/** Says on standard error how the runs of this process come along: in place on a terminal, else line by line. */
export class ProgressReporter {
  readonly #terminal: Terminal
  readonly #model: ProgressModel
  /** What was last said of each group, in a pipe. */
  #said = new Map<string, string>()
  #timer: NodeJS.Timeout | undefined
  #lastReport = 0

  constructor(terminal: Terminal, followed: ReadonlySet<string>) {
    this.#terminal = terminal
    this.#model = new ProgressModel(followed)
  }

  get model(): ProgressModel {
    return this.#model
  }

  /** To be called before the first event. */
  async begin(): Promise<void> {
    if (this.#terminal.options.quiet || this.#terminal.liveSize === undefined) return
    this.#terminal.useLiveArea(await liveArea())
    this.#timer = setInterval(() => this.#draw(), FRAME)
    this.#timer.unref()
  }

  see(event: RunEvent): void {
    const waited = this.#model.get(event.run)?.status === 'waiting'
    this.#model.see(event, Date.now())
    const run = this.#model.get(event.run)
    if (run === undefined || this.#terminal.options.quiet) return
    if (this.#model.isFollowed(event.run) && !waited) this.#announce(event, run)
    if (REPORTED.has(event.kind)) this.#reportSoon()
  }

  end(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#terminal.liveSize === undefined) return
    this.#terminal.useLiveArea(undefined)
  }

  #announce(event: RunEvent, run: RunProgress): void {
    const name =
      run.workflow === undefined ? 'a workflow without a name' : `workflow ${JSON.stringify(run.workflow)}`
    if (event.kind === 'run.started') {
      const recorded =
        run.recordedSteps === 0 ? '' : `: ${plural(run.recordedSteps, 'recorded step')} will not be repeated`
      this.#terminal.note(`Run ${printable(run.id)} of ${printable(name)} is under way${recorded}`)
      return
    }
    const status = endedAs(event)
    if (status !== undefined) {
      this.#report()
      this.#terminal.note(
        `Run ${printable(run.id)} ${status} after ${durationText(Date.now() - run.startedAt)}: ${stepsText(run)}`,
      )
    }
  }

  #draw(): void {
    const size = this.#terminal.liveSize
    if (size !== undefined) this.#terminal.showLive(progressLines(this.#model, Date.now(), size).join('\n'))
  }

  #reportSoon(): void {
    if (this.#timer !== undefined || this.#terminal.liveSize !== undefined) return
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined
        this.#report()
      },
      Math.max(0, this.#lastReport + PAUSE - Date.now()),
    )
    this.#timer.unref()
  }

  #report(): void {
    if (this.#terminal.liveSize !== undefined) return
    this.#lastReport = Date.now()
    const states = this.#model.runs.flatMap((run) => this.#states(run))
    const lines = states.filter(([id, text]) => this.#said.get(id) !== text).map(([, text]) => text)
    this.#said = new Map(states)
    for (const line of lines.slice(0, MOST_LINES)) this.#terminal.note(`  ${line}`)
    if (lines.length > MOST_LINES) this.#terminal.note(`  … and ${lines.length - MOST_LINES} more groups`)
  }

  /** Each group, or the run itself when it has none. */
  #states(run: RunProgress): (readonly [id: string, text: string])[] {
    const prefix = this.#model.isFollowed(run.id) ? '' : `${printable(run.id)} › `
    if (run.groups.size === 0)
      return run.stepsDone + run.stepsFailed === 0 ? [] : [[run.id, `${prefix}${stepsText(run)}`]]
    return [...run.groups.values()].map(({ key, counts }) => [
      `${run.id} ${key}`,
      `${prefix}${printable(key)}: ${countsText(counts)}`,
    ])
  }
}
