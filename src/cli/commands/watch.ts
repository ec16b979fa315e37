import { setTimeout as pause } from 'node:timers/promises'
import { ENDED } from '../../core/ports/store.ts'
import type { EmbeddedEngine } from '../../engine/embedded-engine.ts'
import type { Timeline } from '../../timeline/timeline.ts'
import { runsFile } from '../../create-engine.ts'
import { type CommandContext, databaseExists, hint, withEngine } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { CommandError } from '../failure.ts'
import { Interruption } from '../interruption.ts'
import { requireRun } from '../runs/look-up.ts'
import { exitCodeOf, explain, outcomeOf } from '../runs/outcome.ts'
import { printable } from '../text/printable.ts'
import { canvasOf, drawTimeline } from '../timeline/draw.ts'
import { RunView } from '../timeline/run-view.ts'
import { shortForm } from '../timeline/summary.ts'
import { type Screen, screenOf } from '../watch/screen.ts'

export interface WatchOptions {
  /** Every operation, however many, in the timeline at its end. */
  readonly all?: boolean
}

/** Milliseconds between two looks at least; and a look must not keep the machine busy: of the time it is a small part. */
const PAUSE = 250
const LOOKS_PART = 1 / 4

/**
 * `watch <id>`: shows how a run comes along, whoever executes it, until it has ended or is blocked. One that nobody executes is
 * watched on: somebody may go on with it.
 */
export async function watch(context: CommandContext, id: string, options: WatchOptions): Promise<ExitCode> {
  const { terminal } = context
  return await withEngine(context, async (engine) => {
    await requireRun(context, engine, id)
    const screen = await screenOf(terminal)
    const interruption = new Interruption(() => screen.end())
    try {
      const last = await follow(context, engine, id, screen, interruption)
      screen.end()
      if (last !== undefined) return await ended(context, engine, last, options)
      terminal.note(`Run ${printable(id)} is left as it is: ${hint(context, 'watch', id)} watches it again`)
      return EXIT.interrupted
    } finally {
      screen.end()
      interruption.end()
    }
  })
}

/** @returns how it ended; undefined when it was interrupted */
async function follow(
  context: CommandContext,
  engine: EmbeddedEngine,
  id: string,
  screen: Screen,
  interruption: Interruption,
): Promise<Timeline | undefined> {
  const leaving = new AbortController()
  const left = interruption.happened.then(() => leaving.abort())
  const view = new RunView(engine, id)
  let isStalled = false
  while (!leaving.signal.aborted) {
    const began = performance.now()
    requireFile(context)
    const timeline = await view.timeline()
    screen.show(timeline)
    const { status } = timeline.run
    if (status === 'blocked' || (status !== 'interrupted' && ENDED.has(status))) return timeline
    if (status === 'interrupted' && !isStalled)
      context.terminal.note(
        `Nobody executes run ${printable(id)} now. Go on with: ${hint(context, 'resume', id)}`,
      )
    isStalled = status === 'interrupted'
    const taken = performance.now() - began
    await Promise.race([
      pause(Math.max(PAUSE, taken / LOOKS_PART), undefined, { signal: leaving.signal }),
      left,
    ]).catch(
      () => undefined, // aborted
    )
  }
  return undefined
}

/** A file that was deleted can be read as long as it is open, and says nothing new any more. */
function requireFile(context: CommandContext): void {
  if (databaseExists(context)) return
  throw new CommandError(
    EXIT.store,
    `The run database ${printable(runsFile(context.dir))} is not there any more: it was deleted or moved while it was watched`,
  )
}

async function ended(
  context: CommandContext,
  engine: EmbeddedEngine,
  timeline: Timeline,
  { all = false }: WatchOptions,
): Promise<ExitCode> {
  const { terminal } = context
  const { id, workflow } = timeline.run
  if (terminal.json) terminal.printJson(timeline)
  else if (terminal.width !== undefined)
    terminal.print(drawTimeline(timeline, canvasOf(terminal), all).join('\n'))
  else for (const line of shortForm(timeline)) terminal.print(`  ${line}`)
  const outcome = await outcomeOf(engine.find(id), workflow)
  if (outcome.status !== 'completed') explain(context, outcome)
  return exitCodeOf(outcome)
}
