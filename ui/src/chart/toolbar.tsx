import { Icon } from '../parts/icon.tsx'

export interface ToolbarProps {
  readonly onlyCritical: boolean
  readonly hasGroups: boolean
  onZoom(factor: number): void
  onFit(): void
  onCritical(): void
  onFoldAll(folded: boolean): void
}

export function Toolbar({ onlyCritical, hasGroups, onZoom, onFit, onCritical, onFoldAll }: ToolbarProps) {
  return (
    <div class="chart-toolbar" role="group" aria-label="What the timeline shows">
      <button type="button" class="chip-button" aria-pressed={onlyCritical} onClick={onCritical}>
        <span class="critical-swatch" aria-hidden="true" />
        Critical path
      </button>
      {hasGroups && (
        <span class="button-group wide-only">
          <button type="button" class="small-button" onClick={() => onFoldAll(true)}>
            Fold all
          </button>
          <button type="button" class="small-button" onClick={() => onFoldAll(false)}>
            Unfold all
          </button>
        </span>
      )}
      <span class="button-group">
        <button
          type="button"
          class="small-button"
          aria-label="Zoom out"
          title="Zoom out (−)"
          onClick={() => onZoom(1.6)}
        >
          <Icon name="minus" />
        </button>
        <button
          type="button"
          class="small-button"
          aria-label="Zoom in"
          title="Zoom in (+)"
          onClick={() => onZoom(1 / 1.6)}
        >
          <Icon name="plus" />
        </button>
        <button
          type="button"
          class="small-button"
          aria-label="Show all of the time"
          title="Show all (0)"
          onClick={onFit}
        >
          <Icon name="fit" />
        </button>
      </span>
    </div>
  )
}

const LOOKS = ['queued', 'running', 'backing-off', 'waiting', 'done', 'failed', 'cancelled'] as const

export function Legend() {
  return (
    <ul class="legend" aria-label="What the bars mean">
      {LOOKS.map((look) => (
        <li key={look}>
          <svg width="22" height="12" aria-hidden="true">
            {look === 'backing-off' ? (
              <path class="bar backing-off" d="M0 6h22" />
            ) : (
              <rect
                class={`bar ${look}`}
                x="0.5"
                y={look === 'queued' ? 3 : 1}
                width="21"
                height={look === 'queued' ? 6 : 10}
                rx="3"
              />
            )}
          </svg>
          {look.replace('-', ' ')}
        </li>
      ))}
      <li>
        <span class="critical-swatch" aria-hidden="true" />
        critical path
      </li>
    </ul>
  )
}
