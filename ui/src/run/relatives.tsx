import type { ApiRun, ApiRunDetails, ApiRuns } from '../../../src/server/api.ts'
import { api } from '../api/client.ts'
import { useLive } from '../api/live.ts'
import { duration } from '../parts/format.ts'
import { Problem } from '../parts/notice.tsx'
import { listHref, runHref } from '../parts/route.ts'
import { Status } from '../parts/status.tsx'
import { shownName } from '../parts/shown.ts'

const MOST = 100

export function Relatives({ run }: { run: ApiRunDetails }) {
  const { id, parent, forkedFrom } = run
  const { value, problem, reload } = useLive<ApiRuns>(`${id} children`, undefined, () =>
    api.runs({ parent: id, limit: MOST }),
  )
  return (
    <div class="data">
      <section class="card data-part">
        <h2>Parent</h2>
        {parent === undefined ? (
          <p class="faint">None: no other run started it.</p>
        ) : (
          <a href={runHref(parent)}>{shownName(parent)}</a>
        )}
        {forkedFrom !== undefined && (
          <p>
            It began with what was recorded of <a href={runHref(forkedFrom)}>{shownName(forkedFrom)}</a>.
          </p>
        )}
      </section>
      <section class="card data-part">
        <h2>Children</h2>
        {problem !== undefined && <Problem text={problem} onRetry={reload} />}
        {value?.runs.length === 0 && <p class="faint">It has started none.</p>}
        <ul class="plain-list">
          {value?.runs.map((child) => (
            <Child key={child.id} run={child} />
          ))}
        </ul>
        {value?.next !== undefined && (
          <a href={listHref(new URLSearchParams({ parent: id }))}>All children</a>
        )}
      </section>
    </div>
  )
}

function Child({ run: { id, status, workflow, createdAt, endedAt } }: { run: ApiRun }) {
  return (
    <li class="child">
      <Status of={status} />
      <a href={runHref(id)}>{shownName(id)}</a>
      <span class="faint">{shownName(workflow ?? '')}</span>
      {endedAt !== undefined && <span class="child-time">{duration(endedAt - createdAt)}</span>}
    </li>
  )
}
