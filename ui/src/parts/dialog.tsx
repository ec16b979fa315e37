import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { messageOf } from '../api/client.ts'
import { Icon } from './icon.tsx'
import { Problem } from './notice.tsx'

export interface DialogProps {
  readonly title: string
  /** On the button that does it. */
  readonly verb: string
  readonly isDangerous?: boolean
  readonly children: ComponentChildren
  /** A rejection is shown, and the dialog stays. */
  onConfirm(): Promise<unknown>
  onClose(): void
}

/** The browser's own dialog: it keeps the focus inside, gives it back, and closes with Escape. */
export function Dialog({ title, verb, isDangerous = false, children, onConfirm, onClose }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null)
  const [isBusy, setBusy] = useState(false)
  const [problem, setProblem] = useState<string>()
  useEffect(() => {
    element.current?.showModal()
    // Otherwise the first thing to press has the focus, which closes it.
    element.current?.querySelector<HTMLElement>('.dialog-body :is(input, select, textarea)')?.focus()
  }, [])
  const confirm = async (): Promise<void> => {
    setBusy(true)
    setProblem(undefined)
    try {
      await onConfirm()
      element.current?.close()
    } catch (error) {
      setProblem(messageOf(error))
      setBusy(false)
    }
  }
  return (
    <dialog ref={element} onClose={onClose} aria-labelledby="dialog-title">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void confirm()
        }}
      >
        <header class="dialog-head">
          <h2 id="dialog-title">{title}</h2>
          <button
            type="button"
            class="icon-button"
            aria-label="Close"
            onClick={() => element.current?.close()}
          >
            <Icon name="close" />
          </button>
        </header>
        <div class="dialog-body">
          {children}
          {problem !== undefined && <Problem text={problem} />}
        </div>
        <footer class="dialog-foot">
          <button type="button" class="button" onClick={() => element.current?.close()}>
            Back
          </button>
          <button type="submit" class={isDangerous ? 'button danger' : 'button primary'} disabled={isBusy}>
            {isBusy ? 'One moment …' : verb}
          </button>
        </footer>
      </form>
    </dialog>
  )
}
