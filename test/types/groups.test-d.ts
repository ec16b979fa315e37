import { any, type Context, type Operation, parallel, type ParallelOptions, race, step } from 'ai-workflows'
import { describe, expectTypeOf, test } from 'vitest'

declare const text: Operation<string>
declare const count: Operation<number>
declare const when: Operation<Date>
declare const flags: Operation<boolean>[]

describe('parallel', () => {
  test('tuples, arrays and records keep their shape', () => {
    expectTypeOf(parallel([text, count])).toEqualTypeOf<Operation<[string, number]>>()
    expectTypeOf(parallel(flags)).toEqualTypeOf<Operation<boolean[]>>()
    expectTypeOf(parallel({ text, count })).toEqualTypeOf<Operation<{ text: string; count: number }>>()
    expectTypeOf(parallel([text, ...flags])).toEqualTypeOf<Operation<[string, ...boolean[]]>>()
    expectTypeOf(parallel([])).toEqualTypeOf<Operation<[]>>()
    expectTypeOf(parallel({})).toEqualTypeOf<Operation<{}>>()
    const byName: Record<string, Operation<string>> = { text }
    expectTypeOf(parallel(byName)).resolves.toEqualTypeOf<Record<string, string>>()
  })

  test('an iterable gives an array', () => {
    const some = new Set([text])
    function* pulled(): Generator<(() => Promise<number>) | Operation<string>, void, undefined> {
      yield () => Promise.resolve(1)
    }
    expectTypeOf(parallel(some)).toEqualTypeOf<Operation<string[]>>()
    expectTypeOf(parallel(pulled(), { concurrency: 3 })).toEqualTypeOf<Operation<(number | string)[]>>()
    expectTypeOf(parallel(some, { settle: true })).resolves.toEqualTypeOf<PromiseSettledResult<string>[]>()
    expectTypeOf(parallel(some, { timeout: 1, timeoutValue: 'partial' })).resolves.toEqualTypeOf<
      (string | undefined)[]
    >()
    expectTypeOf(parallel(some, { timeout: 1, timeoutValue: null })).resolves.toEqualTypeOf<string[] | null>()
    // @ts-expect-error -- a promise is already running (M8)
    parallel(new Set([Promise.resolve(1)]))
    // @ts-expect-error -- a text is no list of branches
    parallel('text')
    // @ts-expect-error -- a race has no limit under which it could be pulled
    race(some)
  })

  test('results can be read and written: nothing is readonly', async () => {
    const results = await parallel([text, count])
    results[0] = 'other'
    const record = await parallel({ text })
    record.text = 'other'
    expectTypeOf(record).toEqualTypeOf<{ text: string }>()
  })

  test('function branches give what they resolve to, sync or async', () => {
    expectTypeOf(parallel([() => 1, async () => 'a', () => text, async () => await when])).toEqualTypeOf<
      Operation<[number, string, string, Date]>
    >()
    parallel([({ signal }) => expectTypeOf(signal).toEqualTypeOf<AbortSignal>()])
    parallel({ a: async ({ signal }) => expectTypeOf(signal).toEqualTypeOf<AbortSignal>() })
  })

  test('groups in groups, of every kind', () => {
    expectTypeOf(
      parallel({
        list: parallel([text, count]),
        first: race([text, count]),
        all: parallel({ when }, { settle: true }),
      }),
    ).resolves.toEqualTypeOf<{
      list: [string, number]
      first: string | number
      all: { when: PromiseSettledResult<Date> }
    }>()
  })

  test('settle: results discriminate on their status', async () => {
    const results = await parallel({ text, count }, { settle: true })
    expectTypeOf(results).toEqualTypeOf<{
      text: PromiseSettledResult<string>
      count: PromiseSettledResult<number>
    }>()
    if (results.text.status === 'fulfilled') expectTypeOf(results.text.value).toEqualTypeOf<string>()
    // @ts-expect-error -- whether there is a value must be looked at first
    void results.text.value
    expectTypeOf(parallel([text], { settle: false })).resolves.toEqualTypeOf<[string]>()
  })

  test("timeoutValue: 'partial' gives T | undefined; with settle it changes nothing", () => {
    const partial = { timeout: '1s', timeoutValue: 'partial' } as const
    expectTypeOf(parallel([text, count], partial)).resolves.toEqualTypeOf<
      [string | undefined, number | undefined]
    >()
    expectTypeOf(parallel({ text }, partial)).resolves.toEqualTypeOf<{ text: string | undefined }>()
    expectTypeOf(parallel(flags, partial)).resolves.toEqualTypeOf<(boolean | undefined)[]>()
    expectTypeOf(parallel([text], { ...partial, settle: true })).resolves.toEqualTypeOf<
      [PromiseSettledResult<string>]
    >()
  })

  test('timeoutValue: v gives R | V', () => {
    expectTypeOf(parallel([text], { timeout: '1s', timeoutValue: null })).resolves.toEqualTypeOf<
      [string] | null
    >()
    expectTypeOf(parallel([text], { timeout: 5, timeoutValue: 'late' })).resolves.toEqualTypeOf<
      [string] | 'late'
    >()
    expectTypeOf(parallel([text], { timeout: 5, timeoutValue: undefined })).resolves.toEqualTypeOf<
      [string] | undefined
    >()
    expectTypeOf(parallel([text], { timeout: 5, settle: true, timeoutValue: false })).resolves.toEqualTypeOf<
      [PromiseSettledResult<string>] | false
    >()
    expectTypeOf(parallel({ text }, { timeout: 5, timeoutValue: { late: true } })).resolves.toMatchTypeOf<
      { text: string } | { late: boolean }
    >()
  })

  test('every option is accepted, and nothing else', () => {
    const options: ParallelOptions = {
      concurrency: 2,
      settle: true,
      timeout: '1.5h',
      timeoutValue: 'partial',
      waitForCancelled: '10s',
      onProgress: ({ total, completed, failed, running }) =>
        void expectTypeOf([total, completed, failed, running]).toEqualTypeOf<number[]>(),
      signal: AbortSignal.timeout(1),
      name: 'enrich',
    }
    parallel([text], options)
    expectTypeOf<ParallelOptions>().toHaveProperty('waitForCancelled')
    // @ts-expect-error -- it is called concurrency
    parallel([text], { concurency: 3 })
    // @ts-expect-error -- a number
    parallel([text], { concurrency: '3' })
    // @ts-expect-error -- not a duration
    parallel([text], { timeout: 'soon' })
    // @ts-expect-error -- stagger is for races
    parallel([text], { stagger: '1s' })
    // @ts-expect-error -- true, false or how long
    parallel([text], { waitForCancelled: 'yes' })
    // @ts-expect-error -- a signal, not its controller
    parallel([text], { signal: new AbortController() })
    // @ts-expect-error -- with exactOptionalPropertyTypes an option is there or not
    parallel([text], { name: undefined })
  })

  test('M8: what is no branch does not compile', () => {
    // @ts-expect-error -- a promise is running already
    parallel([Promise.resolve(1)])
    // @ts-expect-error -- a number
    parallel([1])
    // @ts-expect-error -- text
    parallel({ a: 'text' })
    // @ts-expect-error -- one operation is no list
    parallel(text)
    // @ts-expect-error -- branches are one argument
    parallel(text, count)
    // @ts-expect-error -- nothing
    parallel()
    expectTypeOf(parallel([() => Promise.resolve(1)])).resolves.toEqualTypeOf<[number]>()
    // @ts-expect-error -- a function that wants more than its branch can be given
    parallel([(a: string) => a])
  })
})

describe('race and any', () => {
  test('an array gives a union', () => {
    expectTypeOf(race([text, count])).toEqualTypeOf<Operation<string | number>>()
    expectTypeOf(any([text, () => null])).toEqualTypeOf<Operation<string | null>>()
    expectTypeOf(any(flags)).toEqualTypeOf<Operation<boolean>>()
  })

  test('a record gives { winner, value }, discriminated on the winner', async () => {
    const first = await race({ text, count, when: async () => await when })
    expectTypeOf(first.winner).toEqualTypeOf<'text' | 'count' | 'when'>()
    switch (first.winner) {
      case 'text':
        expectTypeOf(first.value).toEqualTypeOf<string>()
        break
      case 'count':
        expectTypeOf(first.value).toEqualTypeOf<number>()
        break
      case 'when':
        expectTypeOf(first.value).toEqualTypeOf<Date>()
    }
    // @ts-expect-error -- there is no such branch
    void (first.winner === 'other')
    expectTypeOf(any({ text })).resolves.toEqualTypeOf<{ readonly winner: 'text'; readonly value: string }>()
  })

  test('timeoutValue joins the union', () => {
    expectTypeOf(race([text], { timeout: '1s', timeoutValue: 0 })).resolves.toEqualTypeOf<string | 0>()
    expectTypeOf(any({ text }, { timeout: '1s', timeoutValue: null })).resolves.toEqualTypeOf<{
      readonly winner: 'text'
      readonly value: string
    } | null>()
  })

  test('options', () => {
    race([text], { stagger: '200ms', name: 'fetch', waitForCancelled: true })
    any([text], { stagger: 200 })
    // @ts-expect-error -- races have no limit
    race([text], { concurrency: 1 })
    // @ts-expect-error -- and nothing to settle
    any([text], { settle: true })
    // @ts-expect-error -- a promise is running already
    race([Promise.resolve(1)])
    expectTypeOf(race([text], { timeout: 1 })).resolves.toEqualTypeOf<string>()
  })
})

describe('step', () => {
  test('gives what its function returns, awaited', () => {
    expectTypeOf(step('a', () => 1)).toEqualTypeOf<Operation<number>>()
    expectTypeOf(step('a', async () => [new Date()])).toEqualTypeOf<Operation<Date[]>>()
    expectTypeOf(step('a', () => undefined)).resolves.toEqualTypeOf<undefined>()
  })

  test('the function is given the step', () => {
    step('a', ({ signal, attempt, idempotencyKey, log }) => {
      expectTypeOf(signal).toEqualTypeOf<AbortSignal>()
      expectTypeOf(attempt).toEqualTypeOf<number>()
      expectTypeOf(idempotencyKey).toEqualTypeOf<string>()
      log.info('text', { with: 'fields' })
    })
  })

  test('options', () => {
    step('a', () => 1, {
      retry: {
        maxAttempts: 3,
        backoff: (attempt) => attempt * 100,
        initialDelay: '1s',
        maxDelay: 60_000,
        factor: 2,
        jitter: false,
        retryIf: (error, attempt) => error instanceof TypeError && attempt < 3,
      },
      timeout: '5m',
      idempotencyKey: 'charge-1',
    })
    // @ts-expect-error -- not a way to back off
    step('a', () => 1, { retry: { backoff: 'quadratic' } })
    // @ts-expect-error -- retry says how
    step('a', () => 1, { retry: 3 })
    // @ts-expect-error -- it is called retry
    step('a', () => 1, { retries: {} })
    // @ts-expect-error -- not a duration
    step('a', () => 1, { timeout: '5 minutes' })
    // @ts-expect-error -- a step has a function
    step('a')
    // @ts-expect-error -- a function, not its promise
    step('a', Promise.resolve(1))
    // @ts-expect-error -- the name comes first
    step(() => 1, 'a')
    expectTypeOf(step).parameter(0).toEqualTypeOf<string>()
  })
})

describe('operations', () => {
  test('are awaitable like promises, but are none', async () => {
    expectTypeOf(await text).toEqualTypeOf<string>()
    expectTypeOf(text.then((value) => value.length)).resolves.toEqualTypeOf<number>()
    expectTypeOf(text.catch(() => null)).resolves.toEqualTypeOf<string | null>()
    expectTypeOf(text.finally(() => undefined)).resolves.toEqualTypeOf<string>()
    expectTypeOf(await Promise.all([text, count])).toEqualTypeOf<[string, number]>()
    expectTypeOf(await Promise.race([text, count])).toEqualTypeOf<string | number>()
    // @ts-expect-error -- nothing is running yet
    const promise: Promise<string> = text
    void promise
  })

  test('an operation of a narrower type is one of a wider', () => {
    const wide: Operation<string | number> = text
    void wide
    // @ts-expect-error -- not the other way round
    const narrow: Operation<string> = wide
    expectTypeOf(narrow).toEqualTypeOf<Operation<string>>()
  })
})

describe('ctx', () => {
  test('has what the functions of the package have, typed the same', async () => {
    const ctx = {} as Context<{ id: string }>
    expectTypeOf(ctx.step).toEqualTypeOf(step)
    expectTypeOf(ctx.parallel).toEqualTypeOf(parallel)
    expectTypeOf(ctx.race).toEqualTypeOf(race)
    expectTypeOf(ctx.any).toEqualTypeOf(any)
    expectTypeOf(ctx.input).toEqualTypeOf<{ id: string }>()
    expectTypeOf(ctx.id).toEqualTypeOf<string>()
    expectTypeOf(ctx.name).toEqualTypeOf<string | undefined>()
    expectTypeOf(ctx.now()).toEqualTypeOf<number>()
    expectTypeOf(ctx.random()).toEqualTypeOf<number>()
    expectTypeOf(ctx.uuid()).toEqualTypeOf<string>()
    expectTypeOf(ctx.sleep('2w')).toEqualTypeOf<Operation<void>>()
  })

  test('steps may not be there', () => {
    const ctx = {} as Context
    // @ts-expect-error -- there may be no such step
    void ctx.steps['charge'].attempts
    expectTypeOf(ctx.steps['charge']?.attempts).toEqualTypeOf<number | undefined>()
  })

  test('waitForEvent: one name gives the payload, several the name as well', () => {
    const ctx = {} as Context
    expectTypeOf(ctx.waitForEvent('paid')).resolves.toBeAny()
    expectTypeOf(ctx.waitForEvent<{ amount: number }>('paid')).resolves.toEqualTypeOf<{ amount: number }>()
    expectTypeOf(ctx.waitForEvent(['paid', 'refused']))
      .resolves.toHaveProperty('name')
      .toEqualTypeOf<string>()
    ctx.waitForEvent('paid', {
      filter: (payload, name) => payload.amount > 1 && name === 'paid',
      timeout: '1d',
      timeoutValue: null,
    })
    // @ts-expect-error -- the option is called filter
    ctx.waitForEvent('paid', { match: () => true })
  })
})
