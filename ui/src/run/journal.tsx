import { useState } from 'preact/hooks'
import type { ApiEntry, ApiJournal } from '../../../src/server/api.ts'
import { api, messageOf, pathOf } from '../api/client.ts'
import { useLive } from '../api/live.ts'
import { duration } from '../parts/format.ts'
import { Icon } from '../parts/icon.tsx'
import { Empty, Problem } from '../parts/notice.tsx'
import { Value } from '../parts/value.tsx'

const PAGE = 100

/** Every recorded outcome, in the run's one order. */
export function Journal({ id, start }: { id: string; start: number }) {
  const { value, problem, reload } = useLive<ApiJournal>(`${id} journal`, `${pathOf(id)}/changes`, () =>
    api.journal(id, { limit: PAGE }),
  )
  const [later, setLater] = useState<ApiJournal>()
  const [failure, setFailure] = useState<string>()
  const entries = [...(value?.entries ?? []), ...(later?.entries ?? [])]
  const next = later === undefined ? value?.next : later.next
  const more = async (after: number): Promise<void> => {
    try {
      const page = await api.journal(id, { after, limit: PAGE })
      setLater({ ...page, entries: [...(later?.entries ?? []), ...page.entries] })
      setFailure(undefined)
    } catch (error) {
      setFailure(messageOf(error))
    }
  }
  if (value !== undefined && entries.length === 0)
    return <Empty icon="clock" title="Nothing is recorded yet" />
  return (
    <section class="card journal" aria-label="Journal">
      {problem !== undefined && <Problem text={problem} onRetry={reload} />}
      <ol>
        {entries.map((entry) => (
          <Entry key={entry.seq} entry={entry} id={id} start={start} />
        ))}
      </ol>
      {failure !== undefined && <Problem text={failure} />}
      {next !== undefined && (
        <button type="button" class="button journal-more" onClick={() => void more(next)}>
          Show {PAGE} more
        </button>
      )}
    </section>
  )
}

const BAD = /failed|abort|cancel/

function Entry({ entry, id, start }: { entry: ApiEntry; id: string; start: number }) {
  const { seq, kind, key, at, attempt, startedAt, value, name } = entry
  const [isOpen, setOpen] = useState(false)
  const line = (
    <>
      <span class="entry-seq">{seq}</span>
      <span class={BAD.test(kind) ? 'entry-kind bad' : 'entry-kind'}>{kind.replaceAll('-', ' ')}</span>
      <span class="entry-key">
        {key}
        {attempt !== undefined && attempt > 1 && <span class="faint"> attempt {attempt}</span>}
        {name !== undefined && name !== key && <span class="faint"> {name}</span>}
      </span>
      <span class="entry-time">{startedAt === undefined ? '' : duration(at - startedAt)}</span>
      <span class="entry-at">+{duration(at - start)}</span>
    </>
  )
  if (value === undefined) return <li class="entry">{line}</li>
  return (
    <li>
      <button type="button" class="entry" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <span class={isOpen ? 'twist open' : 'twist'}>
          <Icon name="chevron" />
        </span>
        {line}
      </button>
      {isOpen && (
        <div class="entry-value">
          <Value
            value={value}
            more={async (path, from) => (await api.value(id, { of: seq, path, from })).value}
          />
        </div>
      )}
    </li>
  )
}
