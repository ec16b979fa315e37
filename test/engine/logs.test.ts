/** `ctx.log`, the `log` of a step, and where their messages go (`docs/events-and-logs.md`). */
import { Console } from 'node:console'
import { Writable } from 'node:stream'
import {
  createEngine,
  type EngineOptions,
  type Logger,
  type LogLevel,
  memoryStore,
  parallel,
  step,
  workflow,
} from 'ai-workflows'
import { pino } from 'pino'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { gate, quiet } from '../spec/support/gate.ts'
import { LogBook, PLACES, sandbox } from '../spec/support/sandbox.ts'

/** What is written to it, in order. */
function paper(): { readonly stream: Writable; readonly text: () => string } {
  const written: string[] = []
  const stream = new Writable({
    decodeStrings: false,
    write: (chunk: string, _encoding, done) => {
      written.push(chunk)
      done()
    },
  })
  return { stream, text: () => written.join('') }
}

/** Executes what logs, in an engine with these options. */
async function logging(options: EngineOptions, execute: (log: Logger) => void): Promise<void> {
  const engine = createEngine({ store: memoryStore(), ...options })
  onTestFinished(() => engine.stop({ grace: 0 }))
  await workflow({ name: 'w', execute: (ctx) => execute(ctx.log) }).run({}, { engine, id: 'r' })
}

const everyLevel = (log: Logger): void => {
  log.debug('d', { n: 1 })
  log.info('i', { n: 2 })
  log.warn('w', { n: 3 })
  log.error('e', { n: 4 })
}

describe('fields', () => {
  test('say the run, the workflow, and in a step its name, key and attempt, wherever it is', async () => {
    const { engine, log } = await sandbox()
    const child = workflow({ name: 'child', execute: (ctx) => ctx.log.info('of the child') })
    const flow = workflow({
      name: 'flow',
      execute: async (ctx) => {
        ctx.log.info('of the run', { n: 1 })
        await parallel({
          'a/b': () =>
            step(
              's',
              ({ log: own, attempt }) => {
                own.warn('of a step')
                if (attempt === 1) throw new Error('again')
              },
              { retry: { initialDelay: 0 }, compensate: (_, { log: own }) => own.info('of its undoing') },
            ),
        })
        await ctx.invoke(child, {})
        throw new Error('undo')
      },
    })
    await flow.run({}, { engine, id: 'r' }).catch(() => undefined)
    const [run, key] = [{ run: 'r', workflow: 'flow' }, 'parallel/a%2fb/s']
    expect(log.lines.map(({ message, fields }) => [message, fields])).toEqual([
      ['of the run', { ...run, n: 1 }],
      ['of a step', { ...run, step: 's', key, attempt: 1 }],
      ['of a step', { ...run, step: 's', key, attempt: 2 }],
      ['of the child', { run: 'r/child', workflow: 'child' }],
      ['of its undoing', { ...run, step: 'compensation of s', key: `${key}!compensate`, attempt: 1 }],
    ])
  })

  test('of a message count more than those that say where it is from', async () => {
    const log = new LogBook()
    await logging({ log }, (own) => own.info('m', { run: 7, workflow: undefined }))
    expect(log.lines[0]?.fields).toEqual({ run: 7, workflow: undefined })
  })

  test('a workflow without a name has none', async () => {
    const { engine, log } = await sandbox()
    await workflow({ execute: (ctx) => ctx.log.info('m') }).run({}, { engine, id: 'r' })
    expect(log.lines.at(-1)?.fields).toStrictEqual({ run: 'r' })
  })

  test('E6: whatever code without types passes for them, nothing throws and nothing is lost', async () => {
    const log = new LogBook()
    const raise = (): never => {
      throw new Error('trap')
    }
    const error = new RangeError('given as it is')
    const getter = Object.defineProperties({ fine: 1 }, { bad: { get: raise, enumerable: true } })
    const proxy = new Proxy({}, { ownKeys: raise, getPrototypeOf: raise })
    const all: unknown[] = [error, 'text', 7, null, [1, 2], getter, proxy]
    await logging({ log }, (own) => all.forEach((fields) => own.info('m', fields as never)))
    const from = { run: 'r', workflow: 'w' }
    expect(log.lines.map(({ fields }) => fields)).toEqual([
      { ...from, error },
      { ...from, value: 'text' },
      { ...from, value: 7 },
      from,
      { ...from, value: [1, 2] },
      { ...from, fine: 1, bad: '(cannot be read: trap)' },
      { ...from, fields: '(cannot be read: trap)' },
    ])
  })
})

describe.each(PLACES)('D4, on %s', (place) => {
  test('a replay repeats no message, of the run or of its steps; those that follow are said', async () => {
    const box = await sandbox(place)
    const held = gate()
    const flow = workflow({
      name: 'flow',
      execute: async (ctx) => {
        ctx.log.info('before')
        await parallel([step('a', ({ log }) => log.info('in a')), step('b', ({ log }) => log.info('in b'))])
        ctx.log.debug('between')
        await step('c', ({ log }) => (log.info('in c'), held.pass()))
        ctx.log.info('after')
      },
    })
    await flow.start({}, { engine: box.engine, id: 'r' })
    await held.reached
    const first = ['before', 'in a', 'in b', 'between', 'in c']
    expect(box.log.messages()).toEqual(first)
    await box.restart()
    held.open()
    await (await flow.start({}, { engine: box.engine, id: 'r' })).result()
    // What was said after the last thing recorded may be said again.
    const lines = box.log.lines.filter(({ fields }) => fields?.['run'] === 'r')
    expect(lines.map(({ message }) => message)).toEqual([...first, 'between', 'in c', 'after'])
    expect(lines.at(-2)?.fields).toMatchObject({ step: 'c', attempt: 2 })
  })
})

describe('pino', () => {
  const written = async (execute: (log: Logger) => void, options = {}, child = {}): Promise<object[]> => {
    const { stream, text } = paper()
    const log = pino({ base: null, timestamp: false, ...options }, stream).child(child)
    await logging({ log }, execute)
    return text()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as object)
  }

  test('is given the fields first, and has the message as its own', async () => {
    const from = { run: 'r', workflow: 'w' }
    expect(await written(everyLevel)).toEqual([
      { level: 30, ...from, n: 2, msg: 'i' },
      { level: 40, ...from, n: 3, msg: 'w' },
      { level: 50, ...from, n: 4, msg: 'e' },
    ])
    expect(await written(everyLevel, { level: 'debug' }, { app: 'shop' })).toContainEqual({
      level: 20,
      app: 'shop',
      ...from,
      n: 1,
      msg: 'd',
    })
  })

  test('a message is no format, and an error is written whole', async () => {
    const [line] = await written((log) => log.info('100%d %s', { error: new TypeError('no'), n: 1 }))
    expect(line).toMatchObject({
      msg: '100%d %s',
      n: 1,
      err: { type: 'TypeError', message: 'no', stack: expect.stringMatching(/^TypeError: no\n/) },
    })
    const [both] = await written((log) => log.info('m', { error: 'text', err: new Error('own') }))
    expect(both).toMatchObject({ error: 'text', err: { message: 'own' } })
  })
})

test('a logger that takes serializers, as bunyan does, is given the fields first, too', async () => {
  const calls: unknown[][] = []
  const log = Object.assign(new LogBook(), {
    addSerializers: () => undefined,
    info: (...all: unknown[]) => void calls.push(all),
  })
  await logging({ log }, (own) => own.info('m', { n: 1 }))
  expect(calls).toEqual([[{ run: 'r', workflow: 'w', n: 1 }, 'm']])
})

describe('a console', () => {
  test('is given one line each, by the method of its level, and takes no message for a format', async () => {
    const [out, err] = [paper(), paper()]
    const log = new Console({ stdout: out.stream, stderr: err.stream })
    await logging({ log }, (own) => {
      everyLevel(own)
      own.info('100%d %s %o', { text: '%s' })
    })
    const lines = (text: string): string[] =>
      text
        .trimEnd()
        .split('\n')
        .map((line) => line.replace(/^[\d:.]+ /, ''))
    expect(lines(out.text())).toEqual([
      'debug [w r] d n=1',
      'info  [w r] i n=2',
      'info  [w r] 100%d %s %o text=%s',
    ])
    expect(lines(err.text())).toEqual(['warn  [w r] w n=3', 'error [w r] e n=4'])
  })

  test('without one, standard error gets the same lines, from info on', async () => {
    const print = vi.spyOn(console, 'error').mockReturnValue()
    onTestFinished(() => print.mockRestore())
    await logging({}, everyLevel)
    expect(print.mock.calls.map((all) => all.map((one) => `${one}`.slice(13)))).toEqual([
      ['info  [w r] i n=2'],
      ['warn  [w r] w n=3'],
      ['error [w r] e n=4'],
    ])
  })
})

describe('logLevel', () => {
  const said = async (options: EngineOptions): Promise<string[]> => {
    const log = new LogBook()
    await logging({ log, ...options }, everyLevel)
    return log.messages()
  }

  test.each<[LogLevel | undefined, string[]]>([
    [undefined, ['d', 'i', 'w', 'e']],
    ['debug', ['d', 'i', 'w', 'e']],
    ['info', ['i', 'w', 'e']],
    ['warn', ['w', 'e']],
    ['error', ['e']],
    ['silent', []],
  ])('%s drops what is below, whatever the logger', async (logLevel, expected) => {
    expect(await said(logLevel === undefined ? {} : { logLevel })).toEqual(expected)
  })

  test('E7: another one is refused', () => {
    expect(() => createEngine({ logLevel: 'trace' as never })).toThrow(
      `createEngine() option "logLevel": expected 'debug', 'info', 'warn', 'error', 'silent', got "trace"`,
    )
  })
})

test.each(['bindings', 'table and dir', 'nothing else'])(
  'E6: a logger with %s whose methods are async and reject is mentioned once, and nothing is left unhandled',
  async (extra) => {
    const warnings: string[] = []
    const onWarning = ({ message }: Error): void => void warnings.push(message)
    process.on('warning', onWarning)
    onTestFinished(() => void process.off('warning', onWarning))
    const reject = (): Promise<never> => Promise.reject(new Error('connection lost'))
    const log = { debug: reject, info: reject, warn: reject, error: reject }
    const also = Object.fromEntries(extra.split(' and ').map((name) => [name, () => ({})]))
    await logging({ log: { ...log, ...also } }, everyLevel)
    await quiet()
    expect(warnings).toEqual(["The engine's logger threw: connection lost"])
  },
)

test('a logger that uses operations itself adds nothing to the run that logs', async () => {
  const { engine } = await sandbox('memory', {
    log: Object.assign(new LogBook(), { info: () => step('send', () => 'sent').then(() => undefined) }),
  })
  const flow = workflow({ name: 'flow', execute: (ctx) => ctx.log.info('hello') })
  await flow.run({}, { engine, id: 'r' })
  expect((await engine.inspect('r')).journal).toEqual([])
})

test('E6: a logger whose messages are lost is mentioned once, and changes nothing', async () => {
  const warnings: string[] = []
  const onWarning = ({ message }: Error): void => void warnings.push(message)
  process.on('warning', onWarning)
  onTestFinished(() => void process.off('warning', onWarning))
  const { stream } = paper()
  const log = pino(
    {
      mixin: () => {
        throw new Error('broken mixin')
      },
    },
    stream,
  )
  await logging({ log }, everyLevel)
  await quiet()
  expect(warnings).toEqual(["The engine's logger threw: broken mixin"])
})
