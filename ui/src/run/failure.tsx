import type { ApiRunDetails } from '../../../src/server/api.ts'
import { Icon } from '../parts/icon.tsx'
import { runHref } from '../parts/route.ts'
import { shown } from '../parts/shown.ts'

/** Why the run did not go well, in the words of its error. */
export function Failure({ run: { id, status, error } }: { run: ApiRunDetails }) {
  if (error === undefined || status === 'completed') return null
  const text =
    error.kind === 'error' ? error.message || error.name : error.kind === 'text' ? error.text : undefined
  const name = status === 'cancelled' ? 'failure calm' : status === 'blocked' ? 'failure warn' : 'failure'
  return (
    <div class={name}>
      <Icon name="warning" />
      <p class="failure-text">
        {text === undefined ? 'It failed with a value that is no error.' : shown(text)}
      </p>
      <a href={runHref(id, 'data')}>Details</a>
    </div>
  )
}
