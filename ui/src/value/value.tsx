/** A value of a run as a tree that folds. Everything is text: nothing in it is ever read as HTML. */
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import type { ValueTree } from '../../../src/server/value-tree.ts'
import { messageOf } from '../api/client.ts'
import { count } from './format.ts'
import { Icon } from './icon.tsx'

/** Fetches what was cut: see `GET /api/runs/:id/value`. */
export type More = (path: string, from: number) => Promise<ValueTree>

interface Place {
  readonly path: string
  readonly depth: number
  readonly more: More | undefined
}

/** Deeper than this is folded at first, and so is what has more members than that. */
const OPEN_DEPTH = 2
const OPEN_MEMBERS = 30
const LONG_TEXT = 600

export function Value({ value, more }: { value: ValueTree; more?: More }) {
  return (
    <div class="value">
      <Node value={value} place={{ path: '', depth: 0, more }} />
    </div>
  )
}

function Node({ value, label, place }: { value: ValueTree; label?: ComponentChildren; place: Place }) {
  switch (value.kind) {
    case 'text':
      return <Text label={label} value={value} place={place} />
    case 'plain':
      return (
        <Line label={label}>
          <span class={`value-${value.value === null ? 'null' : typeof value.value}`}>
            {String(value.value)}
          </span>
        </Line>
      )
    case 'special':
      return (
        <Line label={label}>
          <span class="value-special">{value.text}</span>
          <span class="value-of"> {value.of}</span>
        </Line>
      )
    case 'circle':
      return (
        <Line label={label}>
          <span class="value-of">one of the values around it again</span>
        </Line>
      )
    case 'unreadable':
      return (
        <Line label={label}>
          <span class="value-error">cannot be read here: {value.why}</span>
        </Line>
      )
    case 'cut':
      return <Cut label={label} place={place} />
    default:
      return <Members label={label} value={value} place={place} />
  }
}

type Container = Extract<ValueTree, { kind: 'list' | 'record' | 'map' | 'error' }>

function Members({ value, label, place }: { value: Container; label: ComponentChildren; place: Place }) {
  const members = membersOf(value)
  const size = ('size' in value ? value.size : undefined) ?? lengthOf(value)
  const [isOpen, setOpen] = useState(place.depth < OPEN_DEPTH && members.length <= OPEN_MEMBERS)
  const head = (
    <>
      {label}
      <Title value={value} size={size} />
    </>
  )
  if (members.length === 0 && !(value.kind === 'error' && value.stack))
    return <div class="value-line">{head}</div>
  return (
    <div class="value-node">
      <button type="button" class="value-twist" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <span class={isOpen ? 'twist open' : 'twist'}>
          <Icon name="chevron" />
        </span>
        {head}
      </button>
      {isOpen && (
        <div class="value-members">
          {value.kind === 'error' && value.stack !== undefined && (
            <pre class="value-stack">{value.stack}</pre>
          )}
          {members.map(({ name, member, at }) => (
            <Node
              key={at}
              value={member}
              label={<span class="value-key">{name}</span>}
              place={{
                ...place,
                path: place.path === '' ? String(at) : `${place.path},${at}`,
                depth: place.depth + 1,
              }}
            />
          ))}
          {size > lengthOf(value) && (
            <p class="value-more">
              {count(lengthOf(value))} of {count(size)} are shown
            </p>
          )}
        </div>
      )}
    </div>
  )
}

function Title({ value, size }: { value: Container; size: number }) {
  if (value.kind === 'error')
    return (
      <span class="value-error">
        {value.name}: {value.message}
      </span>
    )
  const of = value.kind === 'map' ? 'Map' : (value.of ?? '')
  const brackets = value.kind === 'list' ? `[${count(size)}]` : `{${count(size)}}`
  return (
    <span class="value-of">
      {of === 'Array' ? '' : `${of} `}
      {brackets}
    </span>
  )
}

interface Member {
  readonly name: ComponentChildren
  readonly member: ValueTree
  /** Its position, as paths count them. */
  readonly at: number
}

function membersOf(value: Container): readonly Member[] {
  if (value.kind === 'list') return value.items.map((member, at) => ({ name: at, member, at }))
  if (value.kind === 'map')
    return value.entries.flatMap(([key, member], at) => [
      { name: 'key', member: key, at: 2 * at },
      { name: '↳', member, at: 2 * at + 1 },
    ])
  return value.entries.map(([name, member], at) => ({ name, member, at }))
}

function lengthOf(value: Container): number {
  return value.kind === 'list' ? value.items.length : value.entries.length
}

function Line({ label, children }: { label: ComponentChildren; children: ComponentChildren }) {
  return (
    <div class="value-line">
      {label}
      {children}
    </div>
  )
}

function Text({
  value,
  label,
  place,
}: {
  value: ValueTree & { kind: 'text' }
  label: ComponentChildren
  place: Place
}) {
  const [isOpen, setOpen] = useState(false)
  const { text, size } = value
  const isLong = text.length > LONG_TEXT
  return (
    <Line label={label}>
      <span class={place.depth === 0 ? 'value-text root' : 'value-text'}>
        {isOpen || !isLong ? text : `${text.slice(0, LONG_TEXT)}…`}
      </span>
      {isLong && (
        <button type="button" class="link-button" onClick={() => setOpen(!isOpen)}>
          {isOpen ? 'Less' : `All ${count(text.length)} characters`}
        </button>
      )}
      {size !== undefined && size > text.length && (
        <span class="value-of"> {count(size)} characters in all</span>
      )}
    </Line>
  )
}

/** Too deep, or after too much else: fetched when somebody asks. */
function Cut({ label, place }: { label: ComponentChildren; place: Place }) {
  const [state, setState] = useState<{ value?: ValueTree; problem?: string }>({})
  if (state.value !== undefined) return <Node value={state.value} label={label} place={place} />
  const { more } = place
  const fetchIt = async (): Promise<void> => {
    if (more === undefined) return
    try {
      setState({ value: await more(place.path, 0) })
    } catch (error) {
      setState({ problem: messageOf(error) })
    }
  }
  return (
    <Line label={label}>
      {more === undefined ? (
        <span class="value-of">…</span>
      ) : (
        <button type="button" class="link-button" onClick={() => void fetchIt()}>
          Show
        </button>
      )}
      {state.problem !== undefined && <span class="value-error"> {state.problem}</span>}
    </Line>
  )
}
