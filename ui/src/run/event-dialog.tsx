import type { ApiOperation } from '../../../src/server/api.ts'
import { useId, useState } from 'preact/hooks'
import { api } from '../api/client.ts'
import { JsonField } from '../form/field.tsx'
import { Dialog } from '../parts/dialog.tsx'

/** The first name that a wait accepts: its operation is called `event:a,b`. */
export function eventName({ name }: Pick<ApiOperation, 'name'>): string {
  return name.replace(/^event:/, '').split(',', 1)[0] ?? ''
}

export function EventDialog({ id, name = '', onClose }: { id: string; name?: string; onClose: () => void }) {
  const [event, setEvent] = useState(name)
  const [payload, setPayload] = useState<unknown>()
  const field = useId()
  return (
    <Dialog
      title="Send an event"
      verb="Send"
      onConfirm={() => api.send(id, event, payload)}
      onClose={onClose}
    >
      <div class="field">
        <label for={field}>Name</label>
        <input
          id={field}
          class="input"
          required
          value={event}
          onInput={({ currentTarget }) => setEvent(currentTarget.value)}
        />
        <p class="help">The run receives it when it waits for one of this name; until then it is kept.</p>
      </div>
      <JsonField label="Payload" value={undefined} onChange={setPayload} />
    </Dialog>
  )
}
