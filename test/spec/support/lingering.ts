import { type Context, workflow, type Workflow } from 'ai-workflows'
import type { Gate } from './gate.ts'

/** Code that goes on after it was cancelled. */
export async function lingers(ctx: Context, held: Gate): Promise<void> {
  void held.pass()
  try {
    await ctx.sleep('1w')
  } finally {
    await held.promise
  }
}

/** A child run that does. */
export const lingeringChild = (held: Gate): Workflow<unknown, void> =>
  workflow({ name: 'child', execute: async (ctx: Context) => await lingers(ctx, held) })
