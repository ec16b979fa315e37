/** The part of JSON Schema that a form can show. What is beyond it is typed as JSON. */

export interface Schema {
  readonly type?: string | readonly string[]
  readonly title?: string
  readonly description?: string
  readonly default?: unknown
  readonly enum?: readonly unknown[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
}

export type FieldKind = 'text' | 'number' | 'integer' | 'boolean' | 'choice' | 'object' | 'list' | 'json'

export function kindOf(schema: Schema): FieldKind {
  if (schema.enum !== undefined && schema.enum.every((each) => typeof each === 'string')) return 'choice'
  switch (schema.type) {
    case 'string':
      return 'text'
    case 'number':
    case 'integer':
    case 'boolean':
      return schema.type
    case 'object':
      return schema.properties === undefined ? 'json' : 'object'
    case 'array':
      return schema.items !== undefined && !Array.isArray(schema.items) ? 'list' : 'json'
    default:
      return 'json'
  }
}

export function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What a form begins with. `undefined`: left out, until somebody fills it in. */
export function initial(schema: Schema, isRequired: boolean): unknown {
  if (schema.default !== undefined) return schema.default
  const kind = kindOf(schema)
  if (kind === 'object') {
    const { properties = {}, required = [] } = schema
    const parts = Object.entries(properties).map(([name, part]) => [
      name,
      initial(part, required.includes(name)),
    ])
    const known = parts.filter(([, value]) => value !== undefined)
    return isRequired || known.length > 0 ? Object.fromEntries(known) : undefined
  }
  if (!isRequired) return undefined
  if (kind === 'boolean') return false
  if (kind === 'list') return []
  if (kind === 'choice') return schema.enum?.[0]
  return undefined
}
