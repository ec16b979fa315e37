import { useEffect, useState } from 'preact/hooks'
import type { ApiRun, ApiRuns, ApiStatus } from '../../../src/server/api.ts'
import { api } from '../api/client.ts'
import { useLive } from '../api/live.ts'
import { StartDialog } from '../form/start-dialog.tsx'
import { duration, fullMoment, moment } from '../parts/format.ts'
import { Icon } from '../parts/icon.tsx'
import { Empty, Problem } from '../parts/notice.tsx'
import { listHref, runHref } from '../parts/route.ts'
import { Status } from '../parts/status.tsx'
import { useNow } from '../parts/use-now.ts'
import { Filters } from './filters.tsx'
import { shownName } from '../parts/shown.ts'

const PAGE = 50
const ENDED: ReadonlySet<ApiStatus> = new Set<ApiStatus>(['completed', 'failed', 'cancelled', 'blocked'])

export function RunList({ query }: { query: URLSearchParams }) {
  const [isStarting, setStarting] = useState(false)
  const asked = {
    status: query.getAll('status'),
    workflow: query.get('workflow') ?? undefined,
    search: query.get('search') ?? undefined,
    parent: query.get('parent') ?? undefined,
    before: query.get('before') ?? undefined,
    limit: PAGE,
  }
  const { value, problem, reload } = useLive<ApiRuns>(query.toString(), undefined, () => api.runs(asked))
  const workflows = [...useWorkflows(), ...(value?.runs.flatMap(({ workflow }) => workflow ?? []) ?? [])]
  const isFiltered = query.size > 0
  const now = useNow(value?.runs.some(({ status }) => !ENDED.has(status)) === true ? 1000 : undefined)
  return (
    <div class="page">
      <div class="page-head">
        <h1>Runs</h1>
        <button type="button" class="button primary" onClick={() => setStarting(true)}>
          <Icon name="plus" /> Start a run
        </button>
      </div>
      <Filters query={query} workflows={workflows} />
      {problem !== undefined && <Problem text={problem} onRetry={reload} />}
      {value !== undefined && <Runs runs={value.runs} now={now} isFiltered={isFiltered} />}
      {value === undefined && problem === undefined && <Skeleton />}
      <Pages query={query} next={value?.next} />
      {isStarting && <StartDialog onClose={() => setStarting(false)} />}
    </div>
  )
}

/** Names of those that can be started: for the filter. */
function useWorkflows(): readonly string[] {
  const [names, setNames] = useState<readonly string[]>([])
  useEffect(() => {
    // Without them the filter has those of the runs that are shown.
    api.workflows().then(
      ({ workflows }) => setNames(workflows.map(({ name }) => name)),
      () => undefined,
    )
  }, [])
  return names
}

function Runs({ runs, now, isFiltered }: { runs: readonly ApiRun[]; now: number; isFiltered: boolean }) {
  if (runs.length === 0)
    return isFiltered ? (
      <Empty icon="search" title="No run matches">
        <p>
          <a href="#/">Show all runs</a>
        </p>
      </Empty>
    ) : (
      <Empty icon="logo" title="No runs yet">
        <p>Start one here, or from a terminal. It appears by itself.</p>
        <pre class="code">npx ai-workflows run workflow.ts</pre>
      </Empty>
    )
  const hasParents = runs.some(({ parent }) => parent !== undefined)
  return (
    <div class="card table-card">
      <table class="runs">
        <thead>
          <tr>
            <th scope="col">Status</th>
            <th scope="col">Workflow</th>
            <th scope="col">Run</th>
            <th scope="col">Started</th>
            <th scope="col" class="number">
              Duration
            </th>
            {hasParents && <th scope="col">Parent</th>}
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <RunRow key={run.id} run={run} now={now} withParent={hasParents} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function RunRow({ run, now, withParent }: { run: ApiRun; now: number; withParent: boolean }) {
  const { id, workflow, status, createdAt, endedAt, parent } = run
  return (
    <tr
      onClick={(event) => {
        if (!(event.target instanceof HTMLAnchorElement)) location.hash = runHref(id)
      }}
    >
      <td class="cell-status">
        <Status of={status} />
      </td>
      <td class="cell-workflow" title={workflow}>
        {workflow === undefined ? <span class="faint">no name</span> : shownName(workflow)}
      </td>
      <td class="cell-id" title={id}>
        <a href={runHref(id)}>{shownName(id)}</a>
      </td>
      <td class="cell-started" title={fullMoment(createdAt)}>
        {moment(createdAt, now)}
      </td>
      <td class="number cell-duration">
        {status === 'interrupted' ? '–' : duration((endedAt ?? now) - createdAt)}
      </td>
      {withParent && (
        <td class="cell-parent" title={parent}>
          {parent !== undefined && <a href={runHref(parent)}>{shownName(parent)}</a>}
        </td>
      )}
    </tr>
  )
}

/** Newest first; `before` in the address is where a page begins, so that the browser's Back goes a page back. */
function Pages({ query, next }: { query: URLSearchParams; next: number | undefined }) {
  const isFirst = !query.has('before')
  if (isFirst && next === undefined) return null
  const at = (before?: number): string => {
    const other = new URLSearchParams(query)
    other.delete('before')
    if (before !== undefined) other.set('before', String(before))
    return listHref(other)
  }
  return (
    <nav class="pages" aria-label="Pages">
      {!isFirst && (
        <a class="button" href={at()}>
          Newest
        </a>
      )}
      {next !== undefined && (
        <a class="button" href={at(next)}>
          Older <Icon name="chevron" />
        </a>
      )}
    </nav>
  )
}

function Skeleton() {
  return (
    <div class="card skeleton" aria-busy="true" aria-label="Loading">
      {Array.from({ length: 8 }, (_, index) => (
        <span key={index} class="skeleton-line" />
      ))}
    </div>
  )
}
