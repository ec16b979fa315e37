/** Wheel, drag and pinch on the chart. The vertical wheel stays the page's: it scrolls rows. */
import type { RefObject } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

export interface Gestures {
  /** @param x where, from the left of the bars. @param factor below 1 zooms in */
  zoom(x: number, factor: number): void
  pan(pixels: number): void
}

/** Pixels that a pointer moves before it drags, so that a click stays a click. */
const SLACK = 4
const PER_WHEEL = 0.0022

/** @param left width of the labels, which are no part of the time */
export function useGestures(element: RefObject<HTMLElement | null>, left: number, gestures: Gestures): void {
  const latest = useRef({ left, gestures })
  latest.current = { left, gestures }
  useEffect(() => {
    const { current } = element
    if (current === null) return
    const xOf = (event: MouseEvent): number =>
      event.clientX - current.getBoundingClientRect().left - latest.current.left
    const wheel = (event: WheelEvent): void => {
      if (event.ctrlKey || event.metaKey) {
        event.preventDefault()
        latest.current.gestures.zoom(
          xOf(event),
          Math.exp(event.deltaY * PER_WHEEL * (event.deltaMode === 1 ? 16 : 1)),
        )
      } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        event.preventDefault()
        latest.current.gestures.pan(event.deltaX || event.deltaY)
      }
    }
    const stopDragging = dragging(current, xOf, () => latest.current.gestures)
    current.addEventListener('wheel', wheel, { passive: false })
    return () => {
      current.removeEventListener('wheel', wheel)
      stopDragging()
    }
  }, [element])
}

/** One pointer pans, two zoom. */
function dragging(
  element: HTMLElement,
  xOf: (event: MouseEvent) => number,
  gestures: () => Gestures,
): () => void {
  const pointers = new Map<number, number>()
  let hasMoved = false
  const down = (event: PointerEvent): void => {
    if (event.button !== 0 || xOf(event) < 0) return
    pointers.set(event.pointerId, xOf(event))
    hasMoved = false
  }
  const move = (event: PointerEvent): void => {
    const before = pointers.get(event.pointerId)
    if (before === undefined) return
    const x = xOf(event)
    if (!hasMoved && Math.abs(x - before) < SLACK) return
    if (!hasMoved) element.setPointerCapture(event.pointerId)
    hasMoved = true
    const [other] = [...pointers].filter(([id]) => id !== event.pointerId)
    if (other === undefined) gestures().pan(before - x)
    else gestures().zoom(other[1], Math.abs(before - other[1]) / Math.max(1, Math.abs(x - other[1])))
    pointers.set(event.pointerId, x)
  }
  const up = (event: PointerEvent): void => void pointers.delete(event.pointerId)
  /** What ended as a drag is no click on a row. */
  const click = (event: MouseEvent): void => {
    if (hasMoved) event.stopPropagation()
    hasMoved = false
  }
  element.addEventListener('pointerdown', down)
  element.addEventListener('pointermove', move)
  element.addEventListener('pointerup', up)
  element.addEventListener('pointercancel', up)
  element.addEventListener('click', click, true)
  return () => {
    element.removeEventListener('pointerdown', down)
    element.removeEventListener('pointermove', move)
    element.removeEventListener('pointerup', up)
    element.removeEventListener('pointercancel', up)
    element.removeEventListener('click', click, true)
  }
}
