/** A value of a run as a tree that folds. Everything is text: nothing in it is ever read as HTML. */
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import type { ValueTree } from '../../../src/server/value-tree.ts'
import { shown } from '../parts/shown.ts'
import { Line } from './line.tsx'
import { Members } from './members.tsx'
import { type More, MoreButton, type Place } from './more.tsx'
import { Text } from './text.tsx'

export function Value({ value, more }: { value: ValueTree; more?: More }) {
  return (
    <div class="value">
      <Node value={value} label={undefined} place={{ path: '', depth: 0, more }} />
    </div>
  )
}

function Node({ value, label, place }: { value: ValueTree; label: ComponentChildren; place: Place }) {
  switch (value.kind) {
    case 'text':
    case 'special':
      return <Text {...{ value, label, place }} />
    case 'plain':
      return (
        <Line label={label}>
          <span class={`value-${value.value === null ? 'null' : typeof value.value}`}>
            {String(value.value)}
          </span>
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
          <span class="value-error">cannot be read here: {shown(value.why)}</span>
        </Line>
      )
    case 'cut':
      return <Cut {...{ label, place }} />
    default:
      return (
        <Members
          {...{ value, label, place }}
          draw={(member, name, at) => <Node value={member} label={name} place={at} />}
        />
      )
  }
}

/** Too deep, or after too much else. */
function Cut({ label, place }: { label: ComponentChildren; place: Place }) {
  const [value, setValue] = useState<ValueTree>()
  if (value !== undefined) return <Node {...{ value, label, place }} />
  return (
    <Line label={label}>
      <MoreButton place={place} from={0} text={place.more === undefined ? '…' : 'Show'} onMore={setValue} />
    </Line>
  )
}
