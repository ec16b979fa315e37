import type { Schema } from '../core/schema.ts'

/** Of the Standard JSON Schema, which validators offer beside the Standard Schema. */
interface WithJsonSchema {
  readonly jsonSchema?: { input?(options: { readonly target: string }): unknown }
}

/** JSON Schema of what the validator takes; undefined where it cannot tell. */
export function inputSchema(schema: Schema | undefined): unknown {
  try {
    return (schema?.['~standard'] as WithJsonSchema | undefined)?.jsonSchema?.input?.({
      target: 'draft-2020-12',
    })
  } catch {
    return undefined // of a type that JSON Schema has no form for
  }
}
