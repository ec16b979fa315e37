import { createLogUpdate } from 'log-update'
import type { GroupCounts, RunEventListener } from 'ai-workflows'
import { PACKAGES, stepsOf } from './audit.ts'

/** A pipe gets about so many lines in all. */
const LINES = 20

const out = process.stdout
/** A terminal that does not know its size shows nothing in place. */
const canUpdate = out.isTTY && out.rows > 0
/** The cursor stays, because a process that is killed could not show it again. */
const update = createLogUpdate(out, { showCursor: true })
const say = (line: string): void => void out.write(`${line}\n`)

/**
 * Shows how far an audit is: in place on a terminal, line by line in a pipe.
 * @param continued it was begun before, so say what need not be repeated
 */
export function progressOf(id: string, continued: boolean): RunEventListener {
  const show = canUpdate ? inPlace(out.columns) : lineByLine()
  let recorded = 0
  let announced = !continued

  const groupChanged = (counts: GroupCounts): void => {
    if (!announced)
      say(
        `continuing ${id}: ${recorded} of ${stepsOf(counts.total)} steps were recorded before and are not repeated`,
      )
    announced = true
    // A replay passes through what was shown before. One of the recorded steps is the list of packages.
    if (counts.completed + counts.failed >= recorded - 1) show(counts)
  }

  return (event) => {
    if (event.run !== id) return
    if (event.kind === 'run.started') recorded = event.recordedSteps
    else if (event.kind === 'group.progress' && event.key === PACKAGES) groupChanged(event.counts)
    else if (event.kind === 'step.retrying') {
      endProgress()
      say(`step "${event.key}" failed and is tried again`)
    }
  }
}

/** What is printed from now on comes below. */
export function endProgress(): void {
  if (canUpdate) update.done()
}

function inPlace(columns: number): (counts: GroupCounts) => void {
  const width = Math.max(10, Math.min(40, columns - 50))
  return ({ total, completed, failed, running }) => {
    const done = completed + failed
    const filled = total === 0 ? width : Math.round((done / total) * width)
    const bar = '█'.repeat(filled) + '░'.repeat(width - filled)
    update(`${bar} ${done} of ${total} packages, ${running} being read${failing(failed)}`)
  }
}

function lineByLine(): (counts: GroupCounts) => void {
  let shown = 0
  return ({ total, completed, failed }) => {
    const done = completed + failed
    const due = done === total || done - shown >= total / LINES
    if (done === shown || !due) return
    shown = done
    say(`read ${done} of ${total} packages${failing(failed)}`)
  }
}

function failing(count: number): string {
  return count === 0 ? '' : `, ${count} could not be read`
}
