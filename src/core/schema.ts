import type { StandardSchemaV1 } from '@standard-schema/spec'
import { InvalidInputError } from './errors.ts'
import { show } from './duration.ts'

/** Any validator that follows the Standard Schema: zod, valibot, arktype and others. */
export type Schema<In = unknown, Out = In> = StandardSchemaV1<In, Out>

export function checkSchema(value: unknown, what: string): void {
  const isSchema =
    (typeof value === 'object' || typeof value === 'function') && value !== null && '~standard' in value
  if (!isSchema)
    throw new TypeError(`${what}: expected a Standard Schema (zod, valibot, arktype …), got ${show(value)}`)
}

/**
 * The value as the schema gives it back.
 * @throws {InvalidInputError} the schema refuses it
 */
export async function validate(schema: Schema | undefined, value: unknown, what: string): Promise<unknown> {
  if (schema === undefined) return value
  const result = await schema['~standard'].validate(value)
  if (typeof result !== 'object' || result === null)
    throw new TypeError(
      `${what} could not be checked: its schema returned ${show(result)} instead of a result`,
    )
  if (result.issues === undefined) return result.value
  throw new InvalidInputError(
    what,
    result.issues.map(({ message, path = [] }) => ({
      message,
      path: path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.'),
    })),
  )
}
