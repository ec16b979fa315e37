import { compensatedBy } from '../../core/key.ts'
import type { GroupCounts } from '../../core/ports/observer.ts'
import { printable } from '../text/printable.ts'
import { durationText } from '../../core/duration-text.ts'
import { plural } from '../text/units.ts'
import { fitted, padded, widthOf } from '../text/width.ts'
import type { GroupProgress, ProgressModel, RunProgress } from './model.ts'

const BAR = 20
const LONGEST_KEY = 32

/** `12 of 40 done, 3 running, 1 failed`. */
export function countsText({ total, completed, failed, running }: GroupCounts): string {
  const parts = [`${completed.toLocaleString('en')} of ${total.toLocaleString('en')} done`]
  if (running > 0) parts.push(`${running.toLocaleString('en')} running`)
  if (failed > 0) parts.push(`${failed.toLocaleString('en')} failed`)
  return parts.join(', ')
}

/** `12 steps done, 1 failed`. */
export function stepsText({ stepsDone, stepsFailed }: RunProgress): string {
  return `${plural(stepsDone, 'step')} done${stepsFailed === 0 ? '' : `, ${stepsFailed} failed`}`
}

/** The whole progress, for a terminal: as many lines as fit, the most important ones first. */
export function progressLines(
  model: ProgressModel,
  now: number,
  size: { columns: number; rows: number },
): string[] {
  const unfinished = model.runs.filter(({ status }) => status === 'running')
  const roots = unfinished.filter(({ id }) => model.isFollowed(id))
  const lines = roots.flatMap((run) => [header(run, now), ...groupLines(run, '')])
  const children = unfinished.filter(({ id }) => !model.isFollowed(id))
  if (children.length > 0 || model.childrenEnded > 0)
    lines.push(
      `  children: ${model.childrenEnded.toLocaleString('en')} ended, ${children.length.toLocaleString('en')} running`,
    )
  lines.push(...children.flatMap((run) => groupLines(run, `${childLabel(run.id, roots)} › `)))
  const room = Math.max(3, size.rows - 4)
  const kept =
    lines.length <= room ? lines : [...lines.slice(0, room - 1), `  … and ${lines.length - room + 1} more`]
  return kept.map((line) => fitted(line, size.columns - 1))
}

function header(run: RunProgress, now: number): string {
  const name =
    run.workflow === undefined ? printable(run.id) : `${printable(run.workflow)} ${printable(run.id)}`
  const latest = run.latestStep === undefined || run.groups.size > 0 ? '' : ` · ${stepText(run.latestStep)}`
  return `${name} · ${durationText(now - run.startedAt)} · ${stepsText(run)}${latest}`
}

function stepText(key: string): string {
  const compensated = compensatedBy(key)
  return compensated === undefined ? printable(key) : `undoing ${printable(compensated)}`
}

/** Groups under way first. */
function groupLines({ groups }: RunProgress, prefix: string): string[] {
  const all = [...groups.values()]
  const shown = [...all.filter((group) => !group.ended), ...all.filter((group) => group.ended)]
  const keys = shown.map(({ key }) => fitted(prefix + printable(key), LONGEST_KEY))
  const width = Math.max(0, ...keys.map(widthOf))
  return shown.map(
    (group, at) => `  ${padded(keys[at] ?? '', width)} ${bar(group)} ${countsText(group.counts)}`,
  )
}

function bar({ counts: { total, completed, failed }, ended }: GroupProgress): string {
  const share = total === 0 || (ended && completed + failed === total) ? 1 : (completed + failed) / total
  const filled = Math.floor(share * BAR)
  return '█'.repeat(filled) + '░'.repeat(BAR - filled)
}

/** The id of a child begins with its parent's. */
function childLabel(id: string, roots: readonly RunProgress[]): string {
  const parent = roots.find((root) => id.startsWith(`${root.id}/`))
  return printable(parent === undefined ? id : id.slice(parent.id.length + 1))
}
