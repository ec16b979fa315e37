/** Random programs for the runtime, as data: small enough to shrink, rich enough to use everything that `execute` can. */
import * as fc from 'fast-check'

/** What a step's function does. Times are virtual. */
export interface Behaviour {
  /** `hang` ends only when it is aborted; `deaf` does not listen to its signal. */
  readonly kind: 'ok' | 'fail' | 'hang' | 'deaf' | 'flaky' | 'sync' | 'sync-fail'
  readonly duration: number
  readonly value: number
}

export type Op =
  | {
      readonly op: 'step'
      readonly name: string
      readonly does: Behaviour
      readonly retry?: Retry
      readonly timeout?: number
      readonly undo?: Undo
    }
  | { readonly op: 'sleep'; readonly ms: number }
  | {
      readonly op: 'event'
      readonly names: readonly string[]
      readonly timeout?: number
      readonly value?: number
      readonly filter?: 'even' | 'throws'
    }
  | { readonly op: 'child'; readonly outcome: 'done' | 'failed' | 'never'; readonly value: number }
  | { readonly op: 'parallel'; readonly members: readonly Member[]; readonly options: ParallelSettings }
  | { readonly op: 'race' | 'any'; readonly members: readonly Member[]; readonly options: RaceSettings }
  /** An operation that was created earlier, perhaps awaited already, perhaps a branch of another group (M2). */
  | { readonly op: 'shared'; readonly index: number }

export interface Retry {
  readonly maxAttempts: number
  readonly initialDelay: number
  readonly jitter: boolean
}

/** A step's compensation. */
export interface Undo {
  readonly does: Behaviour
  readonly retry?: Retry
  readonly timeout?: number
}

export type Member =
  | { readonly member: 'op'; readonly of: Op }
  | { readonly member: 'function'; readonly body: Block; readonly seesSignal: boolean }
  /** As many as it says, if the program's course so far says so: an array that grows. */
  | { readonly member: 'some'; readonly times: number; readonly modulus: number; readonly of: Op }

interface CommonSettings {
  readonly record: boolean
  readonly name?: string
  readonly timeout?: number
  readonly timeoutValue?: 'partial' | 7
  readonly wait?: true | number
  /** `own`: a controller that the program aborts; `outside`: one that the world aborts. */
  readonly signal?: 'run' | 'own' | 'outside'
}

export interface ParallelSettings extends CommonSettings {
  readonly concurrency?: number
  readonly settle?: boolean
  /** Branches come from a generator, which makes each when it is asked for it; `throws`: and throws after the last. */
  readonly lazy?: 'ends' | 'throws'
}

export interface RaceSettings extends CommonSettings {
  readonly stagger?: number
}

export type Item =
  { readonly item: 'op'; readonly of: Op } | { readonly item: 'helper' | 'section'; readonly body: Block }

/** `guard`: a rejection is noted and the program goes on. */
export type Statement =
  | { readonly do: 'await'; readonly of: Op; readonly guard: boolean }
  | { readonly do: 'ticks'; readonly count: number }
  | { readonly do: 'observe'; readonly what: 'now' | 'random' | 'uuid' | 'steps' | 'aborted' }
  | { readonly do: 'create'; readonly of: Op }
  | { readonly do: 'abort' }
  | { readonly do: 'throw' }
  | { readonly do: 'float'; readonly body: Block }
  /** `ctx.uncancellable`: nothing in it hangs for ever. */
  | { readonly do: 'section'; readonly body: Block; readonly guard: boolean }
  | { readonly do: 'join'; readonly index: number; readonly guard: boolean }
  | {
      readonly do: 'combine'
      readonly how: 'all' | 'race' | 'allSettled' | 'any'
      readonly items: readonly Item[]
      readonly guard: boolean
    }
  | { readonly do: 'try'; readonly body: Block; readonly handler: Block; readonly cleanup: Block }
  | { readonly do: 'if'; readonly modulus: number; readonly then: Block; readonly otherwise: Block }
  | { readonly do: 'repeat'; readonly times: number; readonly body: Block }

export type Block = readonly Statement[]

const duration = fc.constantFrom(0, 10, 30, 50, 120)
const name = fc.constantFrom('a', 'b', 'c', 'd')
const guard = fc.oneof(
  { weight: 4, arbitrary: fc.constant(true) },
  { weight: 1, arbitrary: fc.constant(false) },
)

/** A group's function branch is three steps deep: operation, member, statement. */
const DEPTH = { maxDepth: 9, depthIdentifier: 'program', depthSize: 'large', withCrossShrink: true } as const

const ticks = fc.record({ do: fc.constant('ticks' as const), count: fc.integer({ min: 1, max: 5 }) })

/** Absent `absent` times as often as present. */
export function maybe<const T>(arbitrary: fc.Arbitrary<T>, absent: number): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: absent, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary })
}

/** Without the properties that are undefined. */
function compact<T extends object>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return arbitrary.map(
    (value) => Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as T,
  )
}

const behaviour: fc.Arbitrary<Behaviour> = fc.record({
  kind: fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom('ok' as const, 'sync' as const) },
    { weight: 2, arbitrary: fc.constantFrom('fail' as const, 'sync-fail' as const, 'flaky' as const) },
    { weight: 2, arbitrary: fc.constantFrom('hang' as const, 'deaf' as const) },
  ),
  duration,
  value: fc.nat(9),
})

const retry: fc.Arbitrary<Retry> = fc.record({
  maxAttempts: fc.integer({ min: 2, max: 3 }),
  initialDelay: fc.constantFrom(0, 20, 60),
  jitter: fc.boolean(),
})

const undo = compact(
  fc.record({ does: behaviour, retry: maybe(retry, 1), timeout: maybe(fc.constantFrom(10, 40), 4) }),
)

const step = compact(
  fc.record({
    op: fc.constant('step' as const),
    name,
    does: behaviour,
    retry: maybe(retry, 3),
    timeout: maybe(fc.constantFrom(10, 40), 4),
    undo: maybe(undo, 4),
  }),
)

const wait = compact(
  fc.record({
    op: fc.constant('event' as const),
    names: fc.uniqueArray(fc.constantFrom('e', 'f'), { minLength: 1, maxLength: 2 }),
    timeout: maybe(fc.constantFrom(15, 70), 1),
    value: maybe(fc.nat(9), 1),
    filter: maybe(fc.constantFrom('even' as const, 'throws' as const), 2),
  }),
).map(({ value, ...rest }) => (rest.timeout === undefined || value === undefined ? rest : { ...rest, value }))

const common = {
  record: fc.boolean(),
  name: maybe(name, 5),
  timeout: maybe(fc.constantFrom(5, 25, 60), 2),
  timeoutValue: maybe(fc.constantFrom('partial' as const, 7 as const), 1),
  wait: maybe(fc.constantFrom(true as const, 20, 5), 2),
  signal: maybe(fc.constantFrom('run' as const, 'own' as const, 'own' as const, 'outside' as const), 4),
}

/** A `timeoutValue` needs a `timeout`. */
function sensible<T extends CommonSettings>({ timeoutValue, ...rest }: T): T {
  return (rest.timeout === undefined || timeoutValue === undefined ? rest : { ...rest, timeoutValue }) as T
}

const parallelSettings: fc.Arbitrary<ParallelSettings> = compact(
  fc.record({
    ...common,
    concurrency: maybe(fc.integer({ min: 1, max: 3 }), 2),
    settle: maybe(fc.constant(true), 2),
    lazy: maybe(fc.constantFrom('ends' as const, 'ends' as const, 'ends' as const, 'throws' as const), 2),
  }),
).map(sensible as (value: object) => ParallelSettings)

const raceSettings: fc.Arbitrary<RaceSettings> = compact(
  fc.record({ ...common, stagger: maybe(fc.constantFrom(8, 35), 2) }),
).map(sensible as (value: object) => RaceSettings)

type Grammar = {
  block: Block
  statement: Statement
  op: Op
  member: Member
  item: Item
}

const grammar = fc.letrec<Grammar>((tie) => ({
  block: fc.array(tie('statement'), { maxLength: 4, size: 'max' }),
  statement: fc.oneof(
    DEPTH,
    // The first is what the deepest statements are.
    {
      weight: 4,
      arbitrary: fc.oneof(ticks, fc.record({ do: fc.constant('await' as const), of: step, guard })),
    },
    { weight: 8, arbitrary: fc.record({ do: fc.constant('await' as const), of: tie('op'), guard }) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('observe' as const),
        what: fc.constantFrom('now', 'random', 'uuid', 'steps', 'aborted'),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('create' as const), of: tie('op') }) },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constantFrom('abort' as const, 'abort' as const, 'throw' as const) }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('float' as const), body: tie('block') }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('section' as const), body: tie('block'), guard }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('join' as const), index: fc.nat(3), guard }) },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('combine' as const),
        how: fc.constantFrom('all', 'race', 'allSettled', 'any'),
        items: fc.array(tie('item'), { minLength: 1, maxLength: 4 }),
        guard,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('try' as const),
        body: tie('block'),
        handler: tie('block'),
        cleanup: tie('block'),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('if' as const),
        modulus: fc.integer({ min: 2, max: 3 }),
        then: tie('block'),
        otherwise: tie('block'),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('repeat' as const),
        times: fc.integer({ min: 1, max: 3 }),
        body: tie('block'),
      }),
    },
  ) as fc.Arbitrary<Statement>,
  op: fc.oneof(
    DEPTH,
    { weight: 6, arbitrary: step },
    { weight: 1, arbitrary: fc.record({ op: fc.constant('sleep' as const), ms: duration }) },
    { weight: 1, arbitrary: wait },
    {
      weight: 1,
      arbitrary: fc.record({
        op: fc.constant('child' as const),
        outcome: fc.constantFrom('done', 'failed', 'never'),
        value: fc.nat(9),
      }),
    },
    { weight: 2, arbitrary: fc.record({ op: fc.constant('shared' as const), index: fc.nat(3) }) },
    {
      weight: 5,
      arbitrary: fc.record({
        op: fc.constant('parallel' as const),
        members: fc.array(tie('member'), { maxLength: 4, size: 'max' }),
        options: parallelSettings,
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        op: fc.constantFrom('race' as const, 'any' as const),
        members: fc.array(tie('member'), { maxLength: 4, size: 'max' }),
        options: raceSettings,
      }),
    },
  ) as fc.Arbitrary<Op>,
  member: fc.oneof(
    DEPTH,
    { weight: 4, arbitrary: fc.record({ member: fc.constant('op' as const), of: tie('op') }) },
    {
      weight: 4,
      arbitrary: fc.record({
        member: fc.constant('function' as const),
        body: tie('block'),
        seesSignal: fc.boolean(),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        member: fc.constant('some' as const),
        times: fc.nat(3),
        modulus: fc.integer({ min: 1, max: 3 }),
        of: tie('op'),
      }),
    },
  ),
  item: fc.oneof(
    DEPTH,
    fc.record({ item: fc.constant('op' as const), of: tie('op') }),
    fc.record({
      item: fc.constantFrom('helper' as const, 'helper' as const, 'section' as const),
      body: tie('block'),
    }),
  ),
}))

/** A program is the body of `execute`. */
export const program: fc.Arbitrary<Block> = fc.array(grammar.statement, {
  minLength: 1,
  maxLength: 6,
  size: 'max',
})
