import type { Schema } from '../core/schema.ts'

interface Describing {
  readonly '~standard'?: {
    readonly jsonSchema?: { readonly input?: (options: { readonly target: string }) => unknown }
  }
  readonly toJsonSchema?: () => unknown
}

/** JSON Schema of what the schema takes, where it can tell: by Standard JSON Schema, or as arktype does. */
export function inputSchema(schema: Schema | undefined): unknown {
  const { '~standard': standard, toJsonSchema } = Object(schema) as Describing
  try {
    const described =
      standard?.jsonSchema?.input?.({ target: 'draft-2020-12' }) ??
      (typeof toJsonSchema === 'function' ? toJsonSchema.call(schema) : undefined)
    return JSON.parse(JSON.stringify(described ?? null)) ?? undefined
  } catch {
    return undefined // It has a part that JSON Schema has no word for.
  }
}
