import { useId, useState } from 'preact/hooks'
import { Icon } from '../parts/icon.tsx'
import { initial, kindOf, type Schema } from './schema.ts'

export interface FieldProps {
  readonly name: string
  readonly schema: Schema
  readonly value: unknown
  readonly isRequired: boolean
  onChange(value: unknown): void
}

/** One part of an input, by its schema. `undefined` is a part that is left out. */
export function Field(props: FieldProps) {
  const kind = kindOf(props.schema)
  if (kind === 'object') return <ObjectField {...props} />
  if (kind === 'list') return <ListField {...props} />
  return <SimpleField {...props} />
}

function SimpleField({ name, schema, value, isRequired, onChange }: FieldProps) {
  const id = useId()
  const kind = kindOf(schema)
  if (kind === 'json')
    return (
      <JsonField
        label={schema.title ?? name}
        {...{ value, onChange, isRequired }}
        help={schema.description}
      />
    )
  if (kind === 'boolean')
    return (
      <div class="field check">
        <input
          id={id}
          type="checkbox"
          checked={value === true}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
        <label for={id}>{schema.title ?? name}</label>
        <Help text={schema.description} />
      </div>
    )
  return (
    <div class="field">
      <Label id={id} {...{ name, schema, isRequired }} />
      {kind === 'choice' ? (
        <select
          id={id}
          class="select"
          value={textOf(value)}
          required={isRequired}
          onChange={(event) => onChange(event.currentTarget.value || undefined)}
        >
          {!isRequired && <option value="" />}
          {schema.enum?.map((each) => (
            <option key={String(each)} value={String(each)}>
              {String(each)}
            </option>
          ))}
        </select>
      ) : kind === 'text' ? (
        <input
          id={id}
          class="input"
          type="text"
          value={textOf(value)}
          required={isRequired}
          minLength={schema.minLength}
          maxLength={schema.maxLength}
          onInput={({ currentTarget: { value: text } }) =>
            onChange(text === '' && !isRequired ? undefined : text)
          }
        />
      ) : (
        <input
          id={id}
          class="input"
          type="number"
          step={kind === 'integer' ? 1 : 'any'}
          value={typeof value === 'number' ? value : ''}
          required={isRequired}
          min={schema.minimum}
          max={schema.maximum}
          onInput={({ currentTarget: { valueAsNumber: number } }) =>
            onChange(Number.isNaN(number) ? undefined : number)
          }
        />
      )}
      <Help text={schema.description} />
    </div>
  )
}

function ObjectField({ name, schema, value, isRequired, onChange }: FieldProps) {
  const { properties = {}, required = [] } = schema
  // One that is left out needs none of its parts.
  const isThere = isRequired || value !== undefined
  const parts = (typeof value === 'object' && value !== null ? value : {}) as Readonly<
    Record<string, unknown>
  >
  const fields = Object.entries(properties).map(([key, part]) => (
    <Field
      key={key}
      name={key}
      schema={part}
      value={parts[key]}
      isRequired={isThere && required.includes(key)}
      onChange={(next) => {
        const others = Object.entries(parts).filter(([other]) => other !== key)
        const left = next === undefined || (next === '' && !isRequired) ? others : [...others, [key, next]]
        onChange(left.length === 0 && !isRequired ? undefined : Object.fromEntries(left))
      }}
    />
  ))
  if (name === '') return <>{fields}</>
  return (
    <fieldset class="fieldset">
      <legend>
        {schema.title ?? name} {!isRequired && <span class="faint">optional</span>}
      </legend>
      <Help text={schema.description} />
      {fields}
    </fieldset>
  )
}

function ListField({ name, schema, value, onChange }: FieldProps) {
  const items = Array.isArray(value) ? (value as readonly unknown[]) : []
  const { items: each = {} } = schema
  return (
    <fieldset class="fieldset">
      <legend>{schema.title ?? name}</legend>
      <Help text={schema.description} />
      {items.map((item, index) => (
        <div class="list-item" key={index}>
          <Field
            name={String(index + 1)}
            schema={each}
            value={item}
            isRequired
            onChange={(next) => onChange(items.map((other, at) => (at === index ? next : other)))}
          />
          <button
            type="button"
            class="icon-button"
            aria-label={`Remove ${index + 1}`}
            onClick={() => onChange(items.filter((_, at) => at !== index))}
          >
            <Icon name="close" />
          </button>
        </div>
      ))}
      <button type="button" class="small-button" onClick={() => onChange([...items, initial(each, true)])}>
        <Icon name="plus" /> Add
      </button>
    </fieldset>
  )
}

export interface JsonFieldProps {
  readonly label: string
  readonly value: unknown
  readonly isRequired?: boolean
  readonly help?: string | undefined
  onChange(value: unknown): void
}

/** Whatever has no field of its own. Nothing is sent while it is no JSON. */
export function JsonField({ label, value, help, isRequired = false, onChange }: JsonFieldProps) {
  const id = useId()
  const [text, setText] = useState(() => (value === undefined ? '' : JSON.stringify(value, undefined, 2)))
  return (
    <div class="field">
      <label for={id}>
        {label} <span class="faint">JSON</span>
      </label>
      <textarea
        id={id}
        class="input code-input"
        rows={5}
        spellcheck={false}
        required={isRequired}
        value={text}
        onInput={({ currentTarget }) => {
          const next = currentTarget.value
          setText(next)
          try {
            onChange(next.trim() === '' ? undefined : JSON.parse(next))
            currentTarget.setCustomValidity('')
          } catch (error) {
            currentTarget.setCustomValidity(`No JSON: ${error instanceof Error ? error.message : ''}`)
          }
        }}
      />
      <Help text={help} />
    </div>
  )
}

/** A default of another type than its schema's is not shown. */
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

function Label(props: { id: string; name: string; schema: Schema; isRequired: boolean }) {
  const { id, name, schema, isRequired } = props
  return (
    <label for={id}>
      {schema.title ?? name} {!isRequired && <span class="faint">optional</span>}
    </label>
  )
}

function Help({ text }: { text: string | undefined }) {
  return text === undefined ? null : <p class="help">{text}</p>
}
