import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import type { ValueTree } from '../../../src/server/value-tree.ts'
import { count } from '../parts/format.ts'
import { shown } from '../parts/shown.ts'
import { Line } from './line.tsx'
import { MoreButton, type Place } from './more.tsx'

const LONG_TEXT = 600

/** A text, or what is written as one; a long one is folded, and what the server left out is fetched. */
export function Text(props: {
  value: ValueTree & { kind: 'text' | 'special' }
  label: ComponentChildren
  place: Place
}) {
  const { value, label, place } = props
  const [isOpen, setOpen] = useState(false)
  const [rest, setRest] = useState('')
  const text = value.text + rest
  const size = value.size ?? text.length
  const isLong = text.length > LONG_TEXT
  return (
    <Line label={label}>
      <span class={`value-${value.kind}`}>
        {shown(isOpen || !isLong ? text : `${text.slice(0, LONG_TEXT)}…`)}
      </span>
      {value.kind === 'special' && <span class="value-of"> {value.of}</span>}
      {isLong && (
        <button type="button" class="link-button" onClick={() => setOpen(!isOpen)}>
          {isOpen ? 'Less' : `All ${count(text.length)} characters`}
        </button>
      )}
      {size > text.length && (
        <MoreButton
          place={place}
          from={text.length}
          text={`More of ${count(size)} characters`}
          onMore={(more) => {
            if (more.kind !== 'text' && more.kind !== 'special') return
            setRest(rest + more.text)
            setOpen(true)
          }}
        />
      )}
    </Line>
  )
}
