/** All of the time until somebody looks closer; all again when they ask for it. */
import { useState } from 'preact/hooks'
import { fit, pan, type View, zoom } from './view.ts'

export interface TimeView {
  readonly view: View
  /** @param x pixels from the left. @param factor below 1 zooms in */
  zoom(x: number, factor: number): void
  pan(pixels: number): void
  fit(): void
}

/** @param total of the run so far, milliseconds. @param width pixels that the view takes */
export function useTimeView(total: number, width: number): TimeView {
  const [chosen, setChosen] = useState<View>()
  // Several moves may come before the next drawing: each goes on from the one before.
  const change = (edit: (view: View, perPixel: number) => View): void =>
    setChosen((before) => {
      const view = before ?? fit(total)
      const next = edit(view, (view.until - view.from) / width)
      return next.until - next.from >= total ? undefined : next
    })
  return {
    view: chosen ?? fit(total),
    zoom: (x, factor) => change((view, perPixel) => zoom(view, factor, view.from + x * perPixel, total)),
    pan: (pixels) => change((view, perPixel) => pan(view, pixels * perPixel, total)),
    fit: () => setChosen(undefined),
  }
}
