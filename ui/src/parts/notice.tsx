import type { ComponentChildren } from 'preact'
import { Icon, type IconName } from './icon.tsx'
import { shown } from './shown.ts'

/** Instead of content: there is none, or it cannot be had. */
export function Empty(props: { icon: IconName; title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <span class="empty-icon">
        <Icon name={props.icon} />
      </span>
      <h2>{props.title}</h2>
      <div class="empty-text">{props.children}</div>
    </div>
  )
}

export function Problem({ text, onRetry }: { text: string; onRetry?: () => void }) {
  return (
    <div class="problem" role="alert">
      <Icon name="warning" />
      <span>{shown(text)}</span>
      {onRetry !== undefined && (
        <button type="button" class="link-button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  )
}
