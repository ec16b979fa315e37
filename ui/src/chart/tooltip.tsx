import { Fragment } from 'preact'
import type { TimelineOperation } from '../../../src/timeline/timeline.ts'
import { duration } from '../parts/format.ts'
import { Status } from '../parts/status.tsx'
import type { Row } from './rows.ts'
import { shownName } from '../parts/shown.ts'

export interface Hover {
  readonly row: Row
  readonly x: number
  readonly y: number
}

const MOST_SPANS = 8

export function Tooltip({ hover: { row, x, y }, start, now }: { hover: Hover; start: number; now: number }) {
  const toLeft = x > innerWidth - 300
  const toTop = y > innerHeight - 220
  const style = {
    ...(toLeft ? { right: `${innerWidth - x + 14}px` } : { left: `${x + 14}px` }),
    ...(toTop ? { bottom: `${innerHeight - y + 10}px` } : { top: `${y + 16}px` }),
  }
  return (
    <div class="tooltip" style={style}>
      {row.kind === 'group' ? (
        <GroupTip row={row} now={now} />
      ) : (
        <OperationTip {...{ operation: row.operation, start, now }} />
      )}
    </div>
  )
}

function GroupTip({ row: { group }, now }: { row: Row & { kind: 'group' }; now: number }) {
  return (
    <>
      <p class="tip-title">{group.name === '' ? group.kind : shownName(group.name)}</p>
      <dl class="tip-facts">
        <dt>Kind</dt>
        <dd>{group.kind}</dd>
        <dt>Limit</dt>
        <dd>{group.limit ?? 'none'}</dd>
        <dt>Most at once</dt>
        <dd>{group.most}</dd>
        <dt>Places taken</dt>
        <dd>{Math.round(group.full * 100)}%</dd>
        <dt>Took</dt>
        <dd>{duration((group.until ?? now) - group.from)}</dd>
      </dl>
    </>
  )
}

function OperationTip({
  operation,
  start,
  now,
}: {
  operation: TimelineOperation
  start: number
  now: number
}) {
  const { name, state, spans, critical, ignoresSignal } = operation
  const shown = spans.slice(-MOST_SPANS)
  return (
    <>
      <p class="tip-title">
        {shownName(name)} <Status of={state} />
      </p>
      <dl class="tip-facts">
        {shown.map(({ phase, attempt, from, until }, index) => (
          <Fragment key={index}>
            <dt>
              {phase.replace('-', ' ')}
              {phase === 'running' && attempt !== undefined && attempt > 1 ? `, attempt ${attempt}` : ''}
            </dt>
            <dd>
              {duration((until ?? now) - from)} <span class="faint">at {duration(from - start)}</span>
            </dd>
          </Fragment>
        ))}
      </dl>
      {critical && <p class="tip-note critical-note">On the critical path</p>}
      {ignoresSignal && <p class="tip-note">Given up, and its function still runs</p>}
    </>
  )
}
