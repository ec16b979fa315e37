import { useEffect, useId, useState } from 'preact/hooks'
import type { ApiWorkflow } from '../../../src/server/api.ts'
import { api, messageOf } from '../api/client.ts'
import { Dialog } from '../parts/dialog.tsx'
import { Problem } from '../parts/notice.tsx'
import { runHref } from '../parts/route.ts'
import { Field, JsonField } from './field.tsx'
import { initial, isSchema, kindOf } from './schema.ts'

export function StartDialog({ onClose }: { onClose: () => void }) {
  const [workflows, setWorkflows] = useState<readonly ApiWorkflow[]>()
  const [problem, setProblem] = useState<string>()
  const [name, setName] = useState<string>()
  const [input, setInput] = useState<unknown>()
  const [runId, setRunId] = useState('')
  const ids = { workflow: useId(), run: useId() }
  const choose = (workflow: ApiWorkflow | undefined): void => {
    setName(workflow?.name)
    setInput(isSchema(workflow?.inputSchema) ? initial(workflow.inputSchema, true) : undefined)
  }
  useEffect(() => {
    api.workflows().then(
      ({ workflows }) => {
        setWorkflows(workflows)
        choose(workflows[0])
      },
      (error: unknown) => setProblem(messageOf(error)),
    )
  }, [])
  const workflow = workflows?.find((each) => each.name === name)
  const start = async (): Promise<void> => {
    if (workflow === undefined) throw new Error('There is no workflow to start')
    const given = { ...(input !== undefined && { input }), ...(runId !== '' && { id: runId }) }
    const { id } = await api.start({ workflow: workflow.name, ...given })
    location.hash = runHref(id)
  }
  return (
    <Dialog title="Start a run" verb="Start" onConfirm={start} onClose={onClose}>
      {problem !== undefined && <Problem text={problem} />}
      {workflows?.length === 0 && (
        <p>
          No workflow can be started here, as the server was started without one. Give it their files:{' '}
          <code>ai-workflows ui workflow.ts</code>
        </p>
      )}
      {workflows !== undefined && workflows.length > 0 && (
        <>
          <div class="field">
            <label for={ids.workflow}>Workflow</label>
            <select
              id={ids.workflow}
              class="select"
              value={name}
              onChange={(event) => choose(workflows.find((each) => each.name === event.currentTarget.value))}
            >
              {workflows.map((each) => (
                <option key={each.name}>{each.name}</option>
              ))}
            </select>
          </div>
          <Input key={name} schema={workflow?.inputSchema} value={input} onChange={setInput} />
          <div class="field">
            <label for={ids.run}>
              Run id <span class="faint">optional</span>
            </label>
            <input
              id={ids.run}
              class="input"
              value={runId}
              onInput={(event) => setRunId(event.currentTarget.value.trim())}
            />
            <p class="help">The same id with the same input gives the run that exists already.</p>
          </div>
        </>
      )}
    </Dialog>
  )
}

function Input(props: { schema: unknown; value: unknown; onChange: (value: unknown) => void }) {
  const { schema, value, onChange } = props
  if (!isSchema(schema) || kindOf(schema) === 'json')
    return <JsonField label="Input" {...{ value, onChange }} />
  const isObject = kindOf(schema) === 'object'
  return <Field name={isObject ? '' : 'Input'} schema={schema} value={value} isRequired onChange={onChange} />
}
