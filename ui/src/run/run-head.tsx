import { useState } from 'preact/hooks'
import type { ApiRunDetails } from '../../../src/server/api.ts'
import { api } from '../api/client.ts'
import { Dialog } from '../parts/dialog.tsx'
import { duration, fullMoment, moment } from '../parts/format.ts'
import { Icon } from '../parts/icon.tsx'
import { runHref } from '../parts/route.ts'
import { Status } from '../parts/status.tsx'
import { EventDialog } from './event-dialog.tsx'
import { shownName } from '../parts/shown.ts'

type Asked = 'cancel' | 'retry' | 'event'

interface RunHeadProps {
  readonly run: ApiRunDetails
  /** An event that it waits for; empty where there is none. */
  readonly awaited: string
  readonly now: number
  reload(): void
}

export function RunHead({ run, awaited, now, reload }: RunHeadProps) {
  const [asked, setAsked] = useState<Asked>()
  const { id, workflow, status, createdAt, endedAt, parent, executedBy, waiting } = run
  const close = (): void => {
    setAsked(undefined)
    reload()
  }
  return (
    <header class="run-head">
      <div class="run-title">
        <p class="crumbs">
          <a href="#/">Runs</a>
          {parent !== undefined && (
            <>
              <span aria-hidden="true">/</span> <a href={runHref(parent)}>{shownName(parent)}</a>
            </>
          )}
        </p>
        <h1>
          {workflow === undefined ? 'A workflow without a name' : shownName(workflow)} <Status of={status} />
        </h1>
        <p class="run-facts">
          <code>{shownName(id)}</code>
          <span title={fullMoment(createdAt)}>started {moment(createdAt, now)}</span>
          {/* One that nobody executes stands still. */}
          {endedAt !== undefined && <span>took {duration(endedAt - createdAt)}</span>}
          {endedAt === undefined && status !== 'interrupted' && <span>for {duration(now - createdAt)}</span>}
          {executedBy !== undefined && (
            <span>
              process {executedBy.pid} on {executedBy.host}
            </span>
          )}
          {waiting.cancelRequested && <span>is asked to cancel</span>}
        </p>
      </div>
      <Actions run={run} onAsk={setAsked} />
      {asked === 'cancel' && (
        <Dialog
          title="Cancel this run?"
          verb="Cancel the run"
          isDangerous
          onConfirm={() => api.cancel(id)}
          onClose={close}
        >
          <p>
            What runs is aborted, and cleanup that the workflow asks for is done. What is recorded stays, and
            the run can be retried.
          </p>
        </Dialog>
      )}
      {asked === 'retry' && (
        <Dialog
          title={status === 'interrupted' ? 'Resume this run?' : 'Retry this run?'}
          verb={status === 'interrupted' ? 'Resume' : 'Retry'}
          onConfirm={() => api.retry(id)}
          onClose={close}
        >
          <p>
            {status === 'interrupted'
              ? 'Its process is gone. This server goes on with it from where it stopped.'
              : 'Steps that succeeded are not done again. To do one anew, and all after it, choose it in the timeline.'}
          </p>
        </Dialog>
      )}
      {asked === 'event' && <EventDialog id={id} name={awaited} onClose={close} />}
    </header>
  )
}

function Actions({
  run: { status, retryable },
  onAsk,
}: {
  run: ApiRunDetails
  onAsk: (what: Asked) => void
}) {
  const hasEnded = status === 'completed' || status === 'failed' || status === 'cancelled'
  const canRetry = status === 'failed' || status === 'cancelled' || status === 'blocked'
  return (
    <div class="actions">
      {!hasEnded && (
        <button type="button" class="button" onClick={() => onAsk('event')}>
          <Icon name="bolt" /> Send an event
        </button>
      )}
      {(canRetry || status === 'interrupted') && (
        <button
          type="button"
          class="button"
          disabled={!retryable}
          title={retryable ? undefined : 'The server does not have the code of this workflow'}
          onClick={() => onAsk('retry')}
        >
          <Icon name="retry" /> {canRetry ? 'Retry' : 'Resume'}
        </button>
      )}
      {!hasEnded && (
        <button type="button" class="button danger-text" onClick={() => onAsk('cancel')}>
          <Icon name="stop" /> Cancel
        </button>
      )}
    </div>
  )
}
