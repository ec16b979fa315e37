/** What was left out of a value, fetched when somebody asks. */
import { useState } from 'preact/hooks'
import type { ValueTree } from '../../../src/server/value-tree.ts'
import { messageOf } from '../api/client.ts'
import { shown } from '../parts/shown.ts'

/** Fetches what was cut: see `GET /api/runs/:id/value`. */
export type More = (path: string, from: number) => Promise<ValueTree>

/** Where a value stands in the whole one. */
export interface Place {
  /** Positions from the root, with commas between. */
  readonly path: string
  readonly depth: number
  readonly more: More | undefined
}

/** @param from the first that is missing */
export function MoreButton(props: {
  place: Place
  from: number
  text: string
  onMore: (more: ValueTree) => void
}) {
  const { place, from, text, onMore } = props
  const [isBusy, setBusy] = useState(false)
  const [problem, setProblem] = useState<string>()
  const { more, path } = place
  if (more === undefined) return <span class="value-of"> {text}</span>
  const fetchIt = async (): Promise<void> => {
    setBusy(true)
    setProblem(undefined)
    try {
      onMore(await more(path, from))
    } catch (error) {
      setProblem(messageOf(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      <button type="button" class="link-button" disabled={isBusy} onClick={() => void fetchIt()}>
        {text}
      </button>
      {problem !== undefined && <span class="value-error"> {shown(problem)}</span>}
    </>
  )
}
