import { type CompensationContext, type Operation, step, type StepOptions, workflow } from 'ai-workflows'
import { describe, expectTypeOf, test } from 'vitest'

interface Charge {
  readonly id: string
}
declare function charge(): Promise<Charge>
declare function refund(charge: Charge): Promise<void>

describe('compensate gets what the step resolves to, inferred', () => {
  test('of an async function, a sync one, and one that returns a promise', () => {
    step('a', async () => ({ id: 'x' }), {
      compensate: (result) => void expectTypeOf(result).toEqualTypeOf<{ id: string }>(),
    })
    step('a', () => 1, { compensate: (result) => void expectTypeOf(result).toEqualTypeOf<number>() })
    step('a', () => charge(), { compensate: (result) => void expectTypeOf(result).toEqualTypeOf<Charge>() })
    step('a', charge, { compensate: (result) => void expectTypeOf(result).toEqualTypeOf<Charge>() })
    step('a', ({ attempt }) => (attempt > 1 ? 'again' : attempt), {
      compensate: (result) => void expectTypeOf(result).toEqualTypeOf<string | number>(),
    })
  })

  test('in its longer form, and on ctx', () => {
    step('a', charge, {
      compensate: {
        run: (result, context) => {
          expectTypeOf(result).toEqualTypeOf<Charge>()
          expectTypeOf(context).toEqualTypeOf<CompensationContext>()
          expectTypeOf(context.error).toBeUnknown()
        },
        retry: { maxAttempts: 10 },
        timeout: '10s',
      },
    })
    workflow({
      execute: (ctx) =>
        ctx.step('a', charge, {
          compensate: (result) => void expectTypeOf(result).toEqualTypeOf<Charge>(),
        }),
    })
  })

  test('it changes nothing about the type of the step', () => {
    expectTypeOf(step('a', charge, { compensate: refund })).toEqualTypeOf<Operation<Charge>>()
    expectTypeOf(step('a', () => 1, { compensate: (result: unknown) => result })).toEqualTypeOf<
      Operation<number>
    >()
    // @ts-expect-error -- a number is no charge
    step('a', () => 1, { compensate: refund })
    // @ts-expect-error -- run is missing
    step('a', charge, { compensate: { retry: {} } })
  })

  test('options of their own are for steps of a type, or of any', () => {
    const any: StepOptions = { retry: { maxAttempts: 2 }, compensate: (result) => String(result) }
    expectTypeOf(step('a', charge, any)).toEqualTypeOf<Operation<Charge>>()
    const options: StepOptions<Charge> = { compensate: refund }
    expectTypeOf(step('a', charge, options)).toEqualTypeOf<Operation<Charge>>()
    // @ts-expect-error -- those are for charges
    step('a', () => 1, options)
  })
})

describe('ctx.uncancellable', () => {
  test('is a promise of what its function gives', () => {
    workflow({
      execute: (ctx) => {
        expectTypeOf(ctx.uncancellable(() => 1)).toEqualTypeOf<Promise<number>>()
        expectTypeOf(ctx.uncancellable(async () => 'a' as const)).toEqualTypeOf<Promise<'a'>>()
        expectTypeOf(ctx.uncancellable(() => step('a', charge))).toEqualTypeOf<Promise<Charge>>()
        // @ts-expect-error -- an operation is not a function
        ctx.uncancellable(step('a', charge)).catch(() => undefined)
      },
    })
  })
})
