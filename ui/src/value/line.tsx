import type { ComponentChildren } from 'preact'

/** A value that has no members. */
export function Line({ label, children }: { label: ComponentChildren; children: ComponentChildren }) {
  return (
    <div class="value-line">
      {label}
      {children}
    </div>
  )
}
