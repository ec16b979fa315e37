/** Code of users at its worst: each as a workflow, with how its run must end. */
import { parallel, race, step, workflow, type Workflow } from 'ai-workflows'

export interface HostileFlow {
  readonly flow: Workflow
  /** How it ends: `completed`, or the code, name or message of its error. */
  readonly ends: string
}

export function raise(error: unknown): never {
  throw error
}

/** Throws at whatever is done with it. */
export function throwingProxy<T extends object>(target: T): T {
  const trap = (): never => raise(new Error('trap'))
  const names = Object.getOwnPropertyNames(Reflect).filter((name) => name !== 'toString')
  return new Proxy(target, Object.fromEntries(names.map((name) => [name, trap])))
}

function deepCause(depth: number): Error {
  let error: Error = new AggregateError([], 'innermost')
  for (let level = 0; level < depth; level++) error = new AggregateError([error], `level ${level}`)
  return error
}

function selfCaused(): Error {
  const error = new Error('round and round')
  error.cause = new Error('between', { cause: error })
  return error
}

function overflow(): number {
  return overflow() + 1
}

/** What a step's function, the same as a function branch or `execute`, may do. @param ends of a step */
const DEEDS: Readonly<Record<string, readonly [deed: () => unknown, ends: string]>> = {
  'throws undefined': [() => raise(undefined), 'STEP_FAILED'],
  'throws null': [() => raise(null), 'STEP_FAILED'],
  'throws a symbol': [() => raise(Symbol('s')), 'STEP_FAILED'],
  'throws a function': [() => raise(() => 1), 'STEP_FAILED'],
  'throws a promise': [() => raise(Promise.resolve(1)), 'STEP_FAILED'],
  'throws a proxy that throws at everything': [() => raise(throwingProxy(new Error('x'))), 'STEP_FAILED'],
  'throws an error whose message is a getter that throws': [
    () => raise(Object.defineProperty(new Error('x'), 'message', { get: () => raise(new Error('getter')) })),
    'STEP_FAILED',
  ],
  'throws an error whose message cannot be made a text': [
    () => raise(Object.assign(new Error('x'), { message: Object.create(null) as string })),
    'STEP_FAILED',
  ],
  'throws an error whose stack and cause are getters that throw': [
    () =>
      raise(
        Object.defineProperties(new Error('x'), {
          stack: { get: () => raise(new Error('stack')) },
          cause: { get: () => raise(new Error('cause')) },
        }),
      ),
    'STEP_FAILED',
  ],
  'throws an error whose name is a proxy': [
    () => raise(Object.assign(new Error('x'), { name: throwingProxy({}) as unknown as string })),
    'STEP_FAILED',
  ],
  'throws an error whose toString throws': [
    () => raise(Object.assign(new Error('x'), { toString: () => raise(new Error('toString')) })),
    'STEP_FAILED',
  ],
  'throws an error that is its own cause': [() => raise(selfCaused()), 'STEP_FAILED'],
  'throws a thousand errors, each in the one before': [() => raise(deepCause(1000)), 'STEP_FAILED'],
  'rejects with a promise that rejects': [
    () => {
      const inner = Promise.reject(new Error('inner'))
      inner.catch(() => undefined)
      return Promise.reject(inner)
    },
    'STEP_FAILED',
  ],
  'overflows the stack': [() => overflow(), 'STEP_FAILED'],
  'returns itself': [
    function itself(): unknown {
      return itself
    },
    'SERIALIZATION',
  ],
  'returns an operation': [() => step('inner', () => 1), 'STEP_FAILED'],
  'returns a proxy that throws at everything': [() => throwingProxy({}), 'STEP_FAILED'],
  'returns an array with such a proxy': [() => [throwingProxy({})], 'SERIALIZATION'],
  'is an async generator': [
    async function* () {
      yield await Promise.resolve(1)
    },
    'SERIALIZATION',
  ],
  'returns a thenable that settles twice': [
    () => ({
      then: (done: (value: number) => void, failed: (error: Error) => void) => {
        done(1)
        failed(new Error('second'))
        done(2)
      },
    }),
    'completed',
  ],
  'returns a thenable that throws after it has settled': [
    () => ({
      then: (done: (value: number) => void) => {
        done(1)
        raise(new Error('after'))
      },
    }),
    'completed',
  ],
  'returns a thenable that throws, and calls back later': [
    () => ({
      then: (done: (value: number) => void) => {
        setImmediate(done, 1)
        raise(new Error('before'))
      },
    }),
    'STEP_FAILED',
  ],
  'returns a thenable whose then throws': [
    () => ({
      get then() {
        return raise(new Error('then'))
      },
    }),
    'STEP_FAILED',
  ],
  'returns a thenable that gives itself': [
    () => {
      const promise: Promise<unknown> = Promise.resolve().then(() => promise)
      return promise
    },
    'STEP_FAILED',
  ],
  'leaves a rejection behind': [
    () => {
      void Promise.reject(new Error('nobody waits for it'))
      return 1
    },
    'completed',
  ],
  'leaves a rejection with a proxy that throws behind': [
    () => {
      void Promise.reject(throwingProxy(new Error('x')))
      return 1
    },
    'completed',
  ],
}

/** Each deed in a step, in a function branch beside one that is well, and in `execute` itself. */
export function hostileFlows(): HostileFlow[] {
  return Object.entries(DEEDS).flatMap(([name, [deed, ends]]) => [
    { flow: workflow({ name: `step ${name}`, execute: () => step('s', deed) }), ends },
    {
      flow: workflow({
        name: `branch ${name}`,
        execute: async () => {
          await parallel([step('well', () => 1), deed], { settle: true })
          await race([deed]).catch(() => undefined)
          return 'went on'
        },
      }),
      ends: 'completed',
    },
    { flow: workflow({ name: `execute ${name}`, execute: () => deed() }), ends: 'anything' },
  ])
}
