import type { Codec } from './codec/codec.ts'
import type { WorkflowCode } from './definition.ts'
import type { Encoded } from './ports/effects.ts'
import { validate } from './schema.ts'

/** What the schema makes of the input, encoded. Without a schema it is encoded before this returns. */
export async function encodeInput(
  codec: Codec,
  { definition }: WorkflowCode,
  input: unknown,
): Promise<Encoded> {
  return codec.encode(
    definition.input === undefined ? input : await validate(definition.input, input, 'The input'),
    'input',
  )
}
