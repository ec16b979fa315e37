import type { ComponentChildren, JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { ValueTree } from '../../../src/server/value-tree.ts'
import { count } from '../parts/format.ts'
import { Icon } from '../parts/icon.tsx'
import { shown, shownName } from '../parts/shown.ts'
import { MoreButton, type Place } from './more.tsx'

/** Deeper than this is folded at first, and so is what has more members than that. */
const OPEN_DEPTH = 2
/** Of errors: their causes are what one looks for. */
const OPEN_CAUSES = 8
const OPEN_MEMBERS = 30

export type Container = Extract<ValueTree, { kind: 'list' | 'record' | 'map' | 'error' }>

interface MembersProps {
  readonly value: Container
  readonly label: ComponentChildren
  readonly place: Place
  /** Draws a member. */
  readonly draw: (value: ValueTree, label: ComponentChildren, place: Place) => JSX.Element
}

/** A value that has members, which fold; those that the server left out are fetched. */
export function Members({ value, label, place, draw }: MembersProps) {
  const [rest, setRest] = useState<readonly Container[]>([])
  const parts = [value, ...rest]
  const known = parts.reduce((sum, part) => sum + lengthOf(part), 0)
  const size = value.size ?? known
  const [isOpen, setOpen] = useState(
    place.depth < (value.kind === 'error' ? OPEN_CAUSES : OPEN_DEPTH) && known <= OPEN_MEMBERS,
  )
  const stack = value.kind === 'error' ? framesOf(value) : ''
  const head = (
    <>
      {label}
      <Title value={value} size={size} />
    </>
  )
  if (size === 0 && stack === '') return <div class="value-line">{head}</div>
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
          {stack !== '' && <pre class="value-stack">{shown(stack)}</pre>}
          {membersOf(parts).map(({ name, member, at }) => {
            const path = place.path === '' ? String(at) : `${place.path},${at}`
            return (
              <div key={at} class="value-member">
                {draw(member, <span class="value-key">{name}</span>, {
                  ...place,
                  path,
                  depth: place.depth + 1,
                })}
              </div>
            )
          })}
          {size > known && (
            <p class="value-more">
              <MoreButton
                place={place}
                from={known}
                text={`${count(known)} of ${count(size)} are shown: more`}
                onMore={(more) => isContainer(more) && setRest([...rest, more])}
              />
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
        {shownName(value.name)}: {shown(value.message)}
      </span>
    )
  const of = value.kind === 'map' ? 'Map' : (value.of ?? '')
  const brackets = value.kind === 'list' ? `[${count(size)}]` : `{${count(size)}}`
  return (
    <span class="value-of">
      {of === 'Array' ? '' : `${shownName(of)} `}
      {brackets}
    </span>
  )
}

/** Its stack, without what stands above it already. */
function framesOf({ name, message, stack = '' }: Container & { kind: 'error' }): string {
  const head = `${name}: ${message}`
  return stack.startsWith(head) ? stack.slice(head.length).trim() : stack
}

interface Member {
  readonly name: ComponentChildren
  readonly member: ValueTree
  /** Its position, as paths count them. */
  readonly at: number
}

function membersOf(parts: readonly Container[]): readonly Member[] {
  let before = 0
  return parts.flatMap((part) => {
    const from = before
    before += lengthOf(part)
    if (part.kind === 'list')
      return part.items.map((member, index): Member => ({ name: from + index, member, at: from + index }))
    if (part.kind === 'map')
      return part.entries.flatMap(([key, member], index): Member[] => [
        { name: 'key', member: key, at: 2 * (from + index) },
        { name: '↳', member, at: 2 * (from + index) + 1 },
      ])
    return part.entries.map(([name, member], index): Member => ({
      name: shownName(name),
      member,
      at: from + index,
    }))
  })
}

function lengthOf(value: Container): number {
  return value.kind === 'list' ? value.items.length : value.entries.length
}

function isContainer(value: ValueTree): value is Container {
  return 'items' in value || 'entries' in value
}
