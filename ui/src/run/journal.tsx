import { useEffect, useState } from 'preact/hooks'
import type { ApiEntry, ApiJournal } from '../../../src/server/api.ts'
import { api } from '../api/client.ts'
import { useLive } from '../api/live.ts'
import { duration } from '../parts/format.ts'
import { Icon } from '../parts/icon.tsx'
import { Empty, Problem } from '../parts/notice.tsx'
import { Value } from '../value/value.tsx'
import { shownName } from '../parts/shown.ts'

const PAGE = 100
/** What one request gives at most. */
const MOST = 1000

/** Every recorded outcome, in the run's one order. */
export function Journal({ id, start }: { id: string; start: number }) {
  const [wanted, setWanted] = useState(PAGE)
  const { value, problem, reload } = useLive<ApiJournal>(`${id} journal`, id, () => firstEntries(id, wanted))
  useEffect(() => {
    if (wanted !== PAGE) reload()
  }, [wanted])
  const { entries = [], next } = value ?? {}
  if (value !== undefined && entries.length === 0)
    return <Empty icon="clock" title="Nothing is recorded yet" />
  return (
    <section class="card journal" aria-label="Journal">
      {problem !== undefined && <Problem text={problem} onRetry={reload} />}
      <div class="entry entry-head" aria-hidden="true">
        <span>#</span>
        <span>What</span>
        <span>Of</span>
        <span class="entry-time">Took</span>
        <span class="entry-at">Recorded at</span>
      </div>
      <ol>
        {entries.map((entry) => (
          <Entry key={entry.seq} entry={entry} id={id} start={start} />
        ))}
      </ol>
      {next !== undefined && (
        <button type="button" class="button journal-more" onClick={() => setWanted(entries.length + PAGE)}>
          Show {PAGE} more
        </button>
      )}
    </section>
  )
}

async function firstEntries(id: string, wanted: number): Promise<ApiJournal> {
  const entries: ApiEntry[] = []
  let next: number | undefined
  do {
    const limit = Math.min(MOST, wanted - entries.length)
    const page = await api.journal(id, { after: next, limit })
    entries.push(...page.entries)
    next = page.next
  } while (next !== undefined && entries.length < wanted)
  return { entries, ...(next !== undefined && { next }) }
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
        {shownName(key)}
        {attempt !== undefined && attempt > 1 && <span class="faint"> attempt {attempt}</span>}
        {name !== undefined && name !== key && <span class="faint"> {shownName(name)}</span>}
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
