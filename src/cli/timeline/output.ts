import { writeFile } from 'node:fs/promises'
import { messageOf } from '../../core/errors.ts'
import type { Timeline } from '../../timeline/timeline.ts'
import { usageError } from '../failure.ts'
import type { Terminal } from '../terminal.ts'
import { printable } from '../text/printable.ts'
import { canvasOf, drawTimeline } from './draw.ts'
import { mermaidGantt } from './mermaid.ts'
import { timelineSvg } from './svg/document.ts'

export interface TimelineOutput {
  readonly timeline?: boolean
  readonly svg?: string
  readonly mermaid?: boolean
  /** A lane for each operation, however many. */
  readonly all?: boolean
}

/** @throws {CommandError} they contradict each other: standard output has room for one */
export function checkTimelineOptions({ json }: Terminal, { timeline, svg, mermaid }: TimelineOutput): void {
  if (svg === '') throw usageError('--svg needs the name of a file')
  if (mermaid !== true) return
  if (json) throw usageError('--mermaid is text: leave out --json, or --mermaid')
  if (timeline === true) throw usageError('--timeline and --mermaid both go to standard output: choose one')
}

/**
 * Writes the file that is asked for, and prints what else is; only the file where nothing else is.
 * @throws {CommandError} the file cannot be written
 */
export async function showTimeline(
  terminal: Terminal,
  timeline: Timeline,
  options: TimelineOutput,
): Promise<void> {
  const { svg, mermaid = false, all = false } = options
  if (svg !== undefined) {
    await write(svg, timelineSvg(timeline, all))
    terminal.note(`Written to ${printable(svg)}`)
  }
  if (mermaid) terminal.print(mermaidGantt(timeline, all))
  else if (terminal.json) terminal.printJson(timeline)
  else if (svg === undefined || options.timeline === true)
    terminal.print(drawTimeline(timeline, canvasOf(terminal), all).join('\n'))
}

async function write(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text)
  } catch (error) {
    throw usageError(`--svg file ${printable(file)} cannot be written: ${messageOf(error)}`, error)
  }
}
