import type { Timeline } from '../../timeline/timeline.ts'
import { liveArea } from '../progress/live-area.ts'
import type { Terminal } from '../terminal.ts'
import { Changes } from './changes.ts'
import { pictureOf } from './picture.ts'

/** Where a run under way is shown. */
export interface Screen {
  show(timeline: Timeline): void
  /** What is shown in place is taken away. */
  end(): void
}

/** In place on a terminal, else a line for each change; nothing where only the result is wanted. */
export async function screenOf(terminal: Terminal): Promise<Screen> {
  const { json, quiet } = terminal.options
  if (quiet) return NOTHING
  if (terminal.liveSize !== undefined && (json || terminal.width !== undefined))
    return await inPlace(terminal)
  return json ? NOTHING : lineByLine(terminal)
}

const NOTHING: Screen = { show: () => undefined, end: () => undefined }

async function inPlace(terminal: Terminal): Promise<Screen> {
  terminal.useLiveArea(await liveArea())
  return {
    show(timeline) {
      const size = terminal.liveSize
      if (size === undefined) return
      const canvas = {
        width: Math.max(1, size.columns - 1),
        styled: (...[style, text]: Parameters<Terminal['accent']>) => terminal.accent(style, text),
      }
      terminal.showLive(pictureOf(timeline, canvas, Math.max(1, size.rows - 1)).join('\n'))
    },
    end: () => terminal.useLiveArea(undefined),
  }
}

function lineByLine(terminal: Terminal): Screen {
  const changes = new Changes()
  return {
    show: (timeline) => changes.linesOf(timeline).forEach((line) => terminal.print(line)),
    end: () => undefined,
  }
}
