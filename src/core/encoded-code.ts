import type { Codec } from './codec/codec.ts'
import type { Context } from './context.ts'
import type { WorkflowCode } from './definition.ts'
import type { Encoded } from './ports/effects.ts'
import { validate } from './schema.ts'

/**
 * The workflow's code, as an engine calls it: its output checked and encoded. One that the schema refuses, or that cannot be
 * stored, fails the run like an error in the code.
 */
export function encodedCode(
  { definition }: WorkflowCode,
  codec: Codec,
): (ctx: Context, input: unknown) => Promise<Encoded> {
  return async (ctx, input) => {
    const returned: unknown = await definition.execute(ctx, input)
    return codec.encode(await validate(definition.output, returned, 'The output'), 'output')
  }
}
