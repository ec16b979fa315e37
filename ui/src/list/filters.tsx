import { useEffect, useRef, useState } from 'preact/hooks'
import type { ApiStatus } from '../../../src/server/api.ts'
import { Icon } from '../parts/icon.tsx'
import { listHref } from '../parts/route.ts'
import { Status } from '../parts/status.tsx'

const STATUSES: readonly ApiStatus[] = [
  'running',
  'waiting',
  'completed',
  'failed',
  'cancelled',
  'blocked',
  'interrupted',
]
/** Milliseconds after the last key before it is searched. */
const TYPING = 250

export function Filters({ query, workflows }: { query: URLSearchParams; workflows: readonly string[] }) {
  const chosen = new Set(query.getAll('status'))
  const change = (edit: (next: URLSearchParams) => void): void => {
    const next = new URLSearchParams(query)
    next.delete('before')
    edit(next)
    location.hash = listHref(next)
  }
  const toggle = (status: ApiStatus): void =>
    change((next) => {
      next.delete('status')
      const others = STATUSES.filter((each) => (each === status ? !chosen.has(each) : chosen.has(each)))
      for (const each of others) next.append('status', each)
    })
  const set = (name: string, value: string): void =>
    change((next) => (value === '' ? next.delete(name) : next.set(name, value)))
  const names = [...new Set([...workflows, ...query.getAll('workflow')])].sort()
  return (
    <div class="filters">
      <Search value={query.get('search') ?? ''} onChange={(value) => set('search', value)} />
      <select
        aria-label="Workflow"
        class="select"
        value={query.get('workflow') ?? ''}
        onChange={(event) => set('workflow', event.currentTarget.value)}
      >
        <option value="">All workflows</option>
        {names.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
      <div class="chips" role="group" aria-label="Status">
        {STATUSES.map((status) => (
          <button
            key={status}
            type="button"
            class="chip-button"
            aria-pressed={chosen.has(status)}
            onClick={() => toggle(status)}
          >
            <Status of={status} />
          </button>
        ))}
      </div>
    </div>
  )
}

function Search({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const [text, setText] = useState(value)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => setText(value), [value])
  useEffect(() => () => clearTimeout(timer.current), [])
  return (
    <label class="search">
      <Icon name="search" />
      <span class="visually-hidden">Search by id</span>
      <input
        type="search"
        placeholder="Search by id"
        value={text}
        onInput={(event) => {
          const next = event.currentTarget.value
          setText(next)
          clearTimeout(timer.current)
          timer.current = setTimeout(() => onChange(next.trim()), TYPING)
        }}
      />
    </label>
  )
}
