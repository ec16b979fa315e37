import { useMemo, useState } from 'preact/hooks'
import type { Timeline } from '../../../src/timeline/timeline.ts'
import type { ApiRunDetails, ApiTimeline } from '../../../src/server/api.ts'
import { api } from '../api/client.ts'
import { useLive } from '../api/live.ts'
import { Chart } from '../chart/chart.tsx'
import { operationId } from '../chart/rows.ts'
import { Problem } from '../parts/notice.tsx'
import { runHref } from '../parts/route.ts'
import { useNow } from '../parts/use-now.ts'
import { Data } from './data.tsx'
import { eventName } from './event-dialog.tsx'
import { Failure } from './failure.tsx'
import { Journal } from './journal.tsx'
import { OperationPanel } from './operation-panel.tsx'
import { Relatives } from './relatives.tsx'
import { RunHead } from './run-head.tsx'
import { Totals } from './totals.tsx'

interface Loaded {
  readonly run: ApiRunDetails
  readonly timeline: ApiTimeline
  /** How far this clock is behind the server's. */
  readonly behind: number
}

/** Milliseconds between two drawings of what is under way; of very many operations, less often. */
const FRAME = 100
const SLOW_FRAME = 500
const MANY = 3000

const TABS = [
  ['', 'Timeline'],
  ['data', 'Input and output'],
  ['journal', 'Journal'],
  ['relatives', 'Parent and children'],
] as const

export function RunPage({ id, tab }: { id: string; tab: string }) {
  const { value, problem, reload } = useLive<Loaded>(id, id, async () => {
    const [run, timeline] = await Promise.all([api.run(id), api.timeline(id)])
    return { run, timeline, behind: timeline.run.until === undefined ? timeline.at - Date.now() : 0 }
  })
  if (value === undefined)
    return (
      <div class="page">
        {problem === undefined ? (
          <div class="card skeleton tall" aria-busy="true" aria-label="Loading" />
        ) : (
          <Problem text={problem} onRetry={reload} />
        )}
        <p>
          <a href="#/">All runs</a>
        </p>
      </div>
    )
  return <Run {...value} problem={problem} tab={tab} reload={reload} />
}

function Run(props: Loaded & { problem: string | undefined; tab: string; reload: () => void }) {
  const { run, timeline, behind, problem, tab, reload } = props
  const [selected, setSelected] = useState<string>()
  const isOver = timeline.run.until !== undefined || run.status === 'interrupted' || run.status === 'blocked'
  const clock = useNow(isOver ? undefined : timeline.operations.length > MANY ? SLOW_FRAME : FRAME)
  const now = isOver ? timeline.at : Math.max(timeline.at, clock + behind)
  const operation = useMemo(
    () => timeline.operations.find((each) => operationId(each) === selected),
    [timeline, selected],
  )
  const awaiting = timeline.operations.find(({ kind, until }) => kind === 'event' && until === undefined)
  const awaited = awaiting === undefined ? '' : eventName(awaiting)
  return (
    <div class="page wide">
      <RunHead run={run} awaited={awaited} now={now} reload={reload} />
      {problem !== undefined && <Problem text={problem} onRetry={reload} />}
      <nav class="tabs" aria-label="Parts of the run">
        {TABS.map(([name, title]) => (
          <a key={name} href={runHref(run.id, name)} {...(name === tab && { 'aria-current': 'page' })}>
            {title}
          </a>
        ))}
      </nav>
      {tab === '' && (
        <>
          <Failure run={run} />
          <Totals timeline={timeline} now={now} onShow={setSelected} />
          <div class={operation === undefined ? 'workbench' : 'workbench with-panel'}>
            <Chart
              timeline={timeline as unknown as Timeline}
              now={now}
              selected={selected}
              onSelect={setSelected}
            />
            {operation !== undefined && (
              <OperationPanel
                key={selected}
                run={run}
                operation={operation}
                start={timeline.run.from}
                now={now}
                onClose={() => setSelected(undefined)}
                reload={reload}
              />
            )}
          </div>
        </>
      )}
      {tab === 'data' && <Data run={run} />}
      {tab === 'journal' && <Journal id={run.id} start={timeline.run.from} />}
      {tab === 'relatives' && <Relatives run={run} />}
    </div>
  )
}
