/** Names and values that mean something to JavaScript, terminals or paths are data like any other, everywhere. */
import { createEngine, parallel, race, step, workflow } from 'ai-workflows'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { place } from '../cli/support/cli.ts'
import { folder } from '../support/folder.ts'
import { open } from './support/engine.ts'

/** What an object can reach without having it. */
const reachable = (): string[] =>
  [Object.prototype, Array.prototype, Function.prototype, Error.prototype, Promise.prototype, Map.prototype]
    .flatMap((prototype) => Reflect.ownKeys(prototype))
    .map(String)

let before: string[]
beforeEach(() => {
  before = reachable()
})
afterEach(() => {
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  expect(reachable()).toEqual(before)
})

const POLLUTING = ['__proto__', 'constructor', 'prototype', 'toString', 'valueOf', 'hasOwnProperty', 'toJSON']
const ESCAPES = '\u001b]0;title\u0007\u001b[2J\u001b[31mred'
const NAMES = [
  ...POLLUTING,
  'then',
  '..',
  '../../etc/passwd',
  '/',
  '#2',
  '!cancel',
  '%2f',
  '🚀👩‍👩‍👧',
  'שלום\u202egnp.exe',
  ESCAPES,
  'two\nlines\r\n',
  'nul\u0000',
  'x'.repeat(512),
]

/** Own properties with the worst names, each of an object that would pollute, as only a parser makes them. */
function poison(depth = 3): unknown {
  const inner = depth === 0 ? '"end"' : JSON.stringify(poison(depth - 1))
  const members = POLLUTING.map((name) => `${JSON.stringify(name)}:{"polluted":${inner}}`)
  return JSON.parse(`{${members.join(',')}}`)
}

/** The same as the tagged form of the codec writes it: JSON alone cannot hold a Map. */
function taggedPoison(): unknown {
  const bare = Object.assign(Object.create(null) as object, { polluted: 1 })
  const error = Object.assign(new Error('poisoned'), { extra: poison(1) })
  Object.defineProperty(error, '__proto__', { value: { polluted: 1 }, enumerable: true })
  return {
    map: new Map([['__proto__', poison(1)]]),
    set: new Set([poison(1)]),
    bare,
    error,
    plain: poison(1),
  }
}

const everywhere = workflow({
  name: 'everywhere',
  execute: async (ctx, input: unknown) => {
    const sent = await ctx.waitForEvent<unknown>('__proto__')
    const done = await step('constructor', () => input)
    const thrown = await step('toString', () => {
      throw Object.assign(new Error('polluting'), { polluted: input, cause: input })
    }).catch((error: { cause: { polluted: unknown } }) => error.cause.polluted)
    const named = await parallel(
      Object.fromEntries(POLLUTING.map((name) => [name, () => step(name, () => input)])),
      { name: '__proto__' },
    )
    const won = await race({ constructor: step('winner', () => input) })
    const child = await ctx.invoke(echo, input, { id: `${ctx.id}.__proto__` })
    const settled = await parallel({ prototype: step('s', () => input) }, { settle: true })
    return { sent, done, thrown, named, won, child, settled, input }
  },
})
const echo = workflow({ name: 'constructor', execute: async (_ctx, input: unknown) => input })

describe.each([
  ['JSON', () => poison()],
  ['the tagged form', taggedPoison],
])('D7: prototype pollution, in %s', (_, make) => {
  test('D7: through inputs, results, errors, events, branches and children: nothing is polluted, and everything survives', async () => {
    const dir = folder()
    const engine = open(dir)
    const run = await everywhere.start(make(), { engine, id: '__proto__' })
    await run.signal('__proto__', make())
    const live = await run.result()
    const value = make()
    expect(live.input).toEqual(value)
    expect([live.sent, live.done, live.thrown, live.child]).toEqual([value, value, value, value])
    expect(Object.entries(live.named)).toEqual(POLLUTING.map((name) => [name, value]))
    expect(Object.keys(live.input as object)).toEqual(Object.keys(value as object))
    await engine.stop()
    const again = open(dir)
    expect(await again.find('__proto__').result()).toEqual(live)
    expect((await again.inspect('__proto__')).record.id).toBe('__proto__')
    expect((await again.list({ parent: '__proto__' })).map(({ id }) => id)).toEqual(['__proto__.__proto__'])
  })
})

test('D7: options that only a parser could make are refused, not merged', async () => {
  const options = (): never => JSON.parse('{"__proto__":{"polluted":1,"retry":{}},"constructor":1}') as never
  expect(() => step('s', () => 1, options())).toThrow(/unknown option "__proto__"/)
  expect(() => parallel([], options())).toThrow(/unknown option "__proto__"/)
  expect(() => createEngine(options())).toThrow(/unknown option "__proto__"/)
  expect(() => workflow({ ...(options() as object), execute: () => 1 })).toThrow(/unknown option "__proto__"/)
})

test('M3: hostile names as workflow, run, step, branch, event and child: found again, listed, inspected, and printed without a control character', async () => {
  const cli = place()
  const engine = open(join(cli.dir, '.ai-workflows'))
  const inner = workflow({
    name: 'inner',
    execute: async (_ctx, name: string) => await step(name, () => name),
  })
  for (const name of NAMES) {
    const flow = workflow({
      name,
      execute: async (ctx) => {
        const [branch] = await parallel({ [name]: () => step(name, () => name) }, { name }).then(
          Object.values,
        )
        const sent = await ctx.waitForEvent<string>(name)
        return [branch, sent, await step(name, () => name), await ctx.invoke(inner, name)]
      },
    })
    const run = await flow.start({}, { engine, id: name })
    await run.signal(name, name)
    expect(await run.result()).toEqual([name, name, name, name])
  }
  expect((await engine.list({ parent: null })).map(({ id }) => id)).toEqual(NAMES.toReversed())
  await engine.stop()
  const hostile = [ESCAPES, 'two\nlines\r\n']
  const outputs = [
    await cli.cli('list', '--all', '--limit', '200'),
    ...(await Promise.all(hostile.map((id) => cli.cli('show', id)))),
  ]
  for (const { code, stdout, stderr } of outputs) {
    expect([code, stderr]).toEqual([0, ''])
    // oxlint-disable-next-line no-control-regex -- that there is none is the point
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/)
  }
})

test('M3: a name of 513 characters, and half a surrogate pair, are refused where they are given', async () => {
  const engine = open(folder())
  const flow = workflow({ name: 'w', execute: (ctx) => ctx.sleep(0) })
  for (const [name, says] of [
    ['x'.repeat(513), 'at most 512 characters, got 513'],
    ['\ud800', 'half of a surrogate pair'],
    ['', 'an empty string'],
  ] as const) {
    expect(() => step(name, () => 1)).toThrow(says)
    expect(() => workflow({ name, execute: () => 1 })).toThrow(says)
    expect(() => flow.get(name, { engine })).toThrow(says)
    await expect(flow.start({}, { engine, id: name })).rejects.toThrow(says)
    await expect(engine.find('w').signal(name)).rejects.toThrow(says)
  }
})
