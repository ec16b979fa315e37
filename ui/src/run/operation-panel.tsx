import { useEffect, useState } from 'preact/hooks'
import type { ApiEntry, ApiOperation, ApiRunDetails } from '../../../src/server/api.ts'
import { api, messageOf } from '../api/client.ts'
import { Dialog } from '../parts/dialog.tsx'
import { duration } from '../parts/format.ts'
import { Icon } from '../parts/icon.tsx'
import { runHref } from '../parts/route.ts'
import { Status } from '../parts/status.tsx'
import { Value } from '../value/value.tsx'
import { EventDialog, eventName } from './event-dialog.tsx'
import { shownName } from '../parts/shown.ts'

export interface PanelProps {
  readonly run: ApiRunDetails
  readonly operation: ApiOperation
  readonly start: number
  readonly now: number
  onClose(): void
  reload(): void
}

export function OperationPanel({ run, operation, start, now, onClose, reload }: PanelProps) {
  const [asked, setAsked] = useState<'retry' | 'event'>()
  const { name, kind, key, state, child, critical, group, branch, error, ignoresSignal } = operation
  const close = (): void => {
    setAsked(undefined)
    reload()
  }
  const hasEnded = run.endedAt !== undefined
  return (
    <aside class="panel" aria-label={`Details of ${shownName(name)}`}>
      <header class="panel-head">
        <h2>{shownName(name)}</h2>
        <button type="button" class="icon-button" aria-label="Close the details" onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <dl class="facts">
        <dt>State</dt>
        <dd>
          <Status of={state} />
        </dd>
        <dt>Kind</dt>
        <dd>{kind}</dd>
        <dt>Key</dt>
        <dd>
          <code>{shownName(key)}</code>
        </dd>
        {group !== undefined && (
          <>
            <dt>Group</dt>
            <dd>
              <code>{shownName(group)}</code>
              {branch !== undefined && <span class="faint"> branch {shownName(String(branch))}</span>}
            </dd>
          </>
        )}
        {child !== undefined && (
          <>
            <dt>Child run</dt>
            <dd>
              <a href={runHref(child)}>{shownName(child)}</a>
            </dd>
          </>
        )}
        {critical && (
          <>
            <dt>Path</dt>
            <dd>on the critical path</dd>
          </>
        )}
      </dl>
      {ignoresSignal && (
        <p class="tip-note">Its function was given up, and still runs: it ignores its signal.</p>
      )}
      <h3>Times</h3>
      <Times operation={operation} start={start} now={now} />
      {error !== undefined && (
        <>
          <h3>Error</h3>
          <Value value={error} />
        </>
      )}
      <Output run={run.id} operation={operation} />
      <div class="panel-actions">
        {kind === 'event' && operation.until === undefined && (
          <button type="button" class="button" onClick={() => setAsked('event')}>
            <Icon name="bolt" /> Send this event
          </button>
        )}
        {hasEnded && run.retryable && kind !== 'compensation' && (
          <button type="button" class="button" onClick={() => setAsked('retry')}>
            <Icon name="retry" /> Retry from here
          </button>
        )}
      </div>
      {asked === 'retry' && (
        <Dialog
          title={`Retry from ${shownName(name)}?`}
          verb="Retry from here"
          isDangerous
          onConfirm={() => api.retry(run.id, key)}
          onClose={close}
        >
          <p>
            This operation, and everything that was recorded after it, is done anew. What came before is kept.
          </p>
        </Dialog>
      )}
      {asked === 'event' && <EventDialog id={run.id} name={eventName(operation)} onClose={close} />}
    </aside>
  )
}

function Times({ operation: { spans }, start, now }: Pick<PanelProps, 'operation' | 'start' | 'now'>) {
  if (spans.length === 0) return <p class="faint">Not known.</p>
  return (
    <ol class="times">
      {spans.map(({ phase, attempt, from, until }, index) => (
        <li key={index}>
          <span>
            {phase.replace('-', ' ')}
            {attempt !== undefined && phase === 'running' && <span class="faint"> attempt {attempt}</span>}
          </span>
          <span class="times-at">+{duration(from - start)}</span>
          <span class="times-took">
            {until === undefined ? `${duration(now - from)} …` : duration(until - from)}
          </span>
        </li>
      ))}
    </ol>
  )
}

/** Entries asked for at once, and how many in all before it is left to the journal. */
const PAGE = 1000
const MOST_PAGES = 20

async function lookUp(run: string, key: string, gone: AbortSignal): Promise<ApiEntry | undefined> {
  let after = 0
  for (let page = 0; page < MOST_PAGES && !gone.aborted; page++) {
    const { entries, next } = await api.journal(run, { after, limit: PAGE })
    const entry = entries.findLast((each) => each.key === key && each.value !== undefined)
    if (entry !== undefined || next === undefined) return entry
    after = next
  }
  return undefined
}

/** The value that was recorded for it, looked for in the journal. */
function Output({ run, operation: { key, state, kind } }: { run: string; operation: ApiOperation }) {
  const [found, setFound] = useState<ApiEntry>()
  const [problem, setProblem] = useState<string>()
  useEffect(() => {
    if (state !== 'done' || kind === 'sleep' || kind === 'compensation') return
    const gone = new AbortController()
    lookUp(run, key, gone.signal).then(
      (entry) => !gone.signal.aborted && setFound(entry),
      (error: unknown) => setProblem(messageOf(error)),
    )
    return () => gone.abort()
  }, [run, key, state, kind])
  if (problem !== undefined) return <p class="faint">{problem}</p>
  if (found?.value === undefined) return null
  return (
    <>
      <h3>Result</h3>
      <Value
        value={found.value}
        more={async (path, from) => (await api.value(run, { of: found.seq, path, from })).value}
      />
    </>
  )
}
