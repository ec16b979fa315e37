import type { OperationState } from '../../../src/timeline/timeline.ts'
import type { ApiStatus } from '../../../src/server/api.ts'
import { Icon, type IconName } from './icon.tsx'

const ICONS: Readonly<Record<ApiStatus | OperationState, IconName>> = {
  running: 'play',
  waiting: 'pause',
  completed: 'check',
  failed: 'cross',
  cancelled: 'slash',
  blocked: 'warning',
  interrupted: 'warning',
  queued: 'clock',
  'backing-off': 'retry',
  done: 'check',
}

/** A shape and a word beside the colour. */
export function Status({ of, bare = false }: { of: ApiStatus | OperationState; bare?: boolean }) {
  return (
    <span class={`status status-${of}`}>
      <Icon name={ICONS[of]} />
      <span class={bare ? 'visually-hidden' : ''}>{of.replace('-', ' ')}</span>
    </span>
  )
}
