/** A database made by someone else: nothing executes, nothing crashes the engine, and one bad run never stops the others. */
import { type EmbeddedEngine, parallel, type RunHandle, step, workflow } from 'ai-workflows'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { place } from '../cli/support/cli.ts'
import { gate } from '../spec/support/gate.ts'
import { type Forger, forger } from './support/forged.ts'
import { folder } from '../support/folder.ts'
import { open } from './support/engine.ts'

class Money {
  static made = 0
  readonly amount: number
  constructor(amount: number) {
    Money.made++
    this.amount = amount
  }
  set polluted(_value: unknown) {
    Money.made++
  }
}

/** How a bad run ends: `fine` goes on as if nothing were wrong. */
type Ends = 'blocked' | 'fine' | 'refused' | 'waits'
type Forge = (forge: Forger, id: string) => void

const payload =
  (text: string): Forge =>
  (forge, id) =>
    forge.journal(id, [{ payload: text }])

/** Texts that no codec wrote. */
const PAYLOADS: Readonly<Record<string, readonly [text: string, ends: Ends]>> = {
  'nothing at all': ['', 'blocked'],
  'an unknown format': ['x1', 'blocked'],
  'no JSON': ['j{', 'blocked'],
  'an unknown tag': ['g[[1],["Function","return process.exit()"]]', 'blocked'],
  'a class that is not registered': ['g[[1],["class","Forged",{}]]', 'blocked'],
  'a builtin as a registered class': ['g[[1],["class","Function",{}]]', 'blocked'],
  'Object.prototype as a class': ['g[[1],["class","__proto__",{}]]', 'blocked'],
  'a reference beyond the table': ['g[[9],{}]', 'blocked'],
  'a reference before it': ['g[[0],{}]', 'blocked'],
  'a slot of a strange kind': ['g[[{}]]', 'blocked'],
  'a table that is none': ['g{"__proto__":[]}', 'blocked'],
  'bad base64': ['g[[1],["Uint8Array","?!?!"]]', 'blocked'],
  'bytes of a wrong length': ['g[[1],["Float64Array","AAAA"]]', 'blocked'],
  'an array of minus one': ['g[[1],["array",-1,{}]]', 'blocked'],
  'an array longer than any': ['g[[1],["array",4294967296,{}]]', 'blocked'],
  'a regular expression that is none': ['g[[1],["RegExp","(","",0]]', 'blocked'],
  'an address that is none': ['g[[1],["URL","nowhere"]]', 'blocked'],
  'a bigint that is none': ['g[["12x"]]', 'blocked'],
  'an error without its parts': ['g[[1],["Error"]]', 'blocked'],
  'the longest array of holes': ['g[[1],["array",4294967295,{}]]', 'fine'],
  'an own __proto__': ['g[[1],{"__proto__":[2]},{"polluted":1}]', 'fine'],
  'a registered class with a setter': [
    'g[[1],["class","Money",{"polluted":1,"amount":2,"__proto__":3}]]',
    'fine',
  ],
  'a cycle': ['g[[1],{"a":[1]}]', 'fine'],
  'an error whose message is no text': [
    'g[[1],["Error","Error",{"message":[2],"stack":[2]},{}],["bare",{}]]',
    'fine',
  ],
}

const ROWS: Readonly<Record<string, readonly [Forge, Ends]>> = {
  'a completion of an unknown kind': [
    (forge, id) => forge.journal(id, [{ kind: 'step-exploded' }]),
    'blocked',
  ],
  'a completion called toString': [(forge, id) => forge.journal(id, [{ kind: 'toString' }]), 'blocked'],
  'a step without its payload': [(forge, id) => forge.journal(id, [{ payload: null }]), 'blocked'],
  'a step without its attempt': [(forge, id) => forge.journal(id, [{ attempt: null }]), 'blocked'],
  'a completion of another kind than its key': [
    (forge, id) => forge.journal(id, [{ kind: 'child-done', name: 'x' }]),
    'blocked',
  ],
  'a completion of a key that nobody knows': [
    (forge, id) => forge.journal(id, [{ key: '../..' }]),
    'blocked',
  ],
  'a negative seq': [(forge, id) => forge.journal(id, [{ seq: -5 }]), 'fine'],
  'a hole in the order': [(forge, id) => forge.journal(id, [{}, { seq: 7 }]), 'blocked'],
  'an attempt beyond all numbers': [
    (forge, id) => forge.note(id, { attempt: 9_223_372_036_854_775_807n }),
    'blocked',
  ],
  'a failure to be tried again at the end of time': [
    (forge, id) => forge.journal(id, [{ kind: 'step-failed', retry_at: Number.MAX_VALUE }]),
    'waits',
  ],
  'a note of an unknown kind': [
    (forge, id) => forge.note(id, { kind: 'exploded', due: Number.MAX_VALUE }),
    'fine',
  ],
  'an inbox item of an unknown kind': [(forge, id) => forge.inbox(id, { kind: 'exploded' }), 'fine'],
  'an event with a damaged payload': [(forge, id) => forge.inbox(id, { payload: 'x' }), 'blocked'],
  'a cancel request with a damaged reason': [
    (forge, id) => forge.inbox(id, { kind: 'cancel', payload: 'x' }),
    'blocked',
  ],
  'a damaged input': [(forge, id) => forge.run(id, { input: 'g[[7]]' }), 'blocked'],
  'a status of somebody else': [(forge, id) => forge.run(id, { status: 'exploded' }), 'refused'],
  'a seed that is none': [(forge, id) => forge.run(id, { seed: '\u001bnone' }), 'fine'],
  'a beginning at the end of time': [(forge, id) => forge.run(id, { created_at: Number.MAX_VALUE }), 'fine'],
  'ranges that are none': [(forge, id) => forge.run(id, { dropped: '{"__proto__":[' }), 'fine'],
  'a negative base': [(forge, id) => forge.run(id, { base: -7 }), 'blocked'],
  'an owner that never was': [(forge, id) => forge.run(id, { owner: 'nobody', status: 'running' }), 'fine'],
  'a parent that never was': [
    (forge, id) => forge.run(id, { parent: '__proto__', parent_key: null }),
    'fine',
  ],
  'an escape that is none': [(forge, id) => forge.run(id, { source: '\u001b{' }), 'fine'],
}

function forgeries(): { id: string; forge: Forge; ends: Ends }[] {
  return [
    ...Object.entries(PAYLOADS).map(([id, [text, ends]]) => ({
      id: `payload: ${id}`,
      forge: payload(text),
      ends,
    })),
    ...Object.entries(ROWS).map(([id, [forge, ends]]) => ({ id, forge, ends })),
  ]
}

const held = gate()
const flow = workflow({
  name: 'flow',
  execute: async (ctx) => {
    await step('a', () => held.pass())
    return await parallel([step('b', () => 'b'), ctx.waitForEvent('e')])
  },
})

/** A database with a run for each forgery and as many good ones, all of them interrupted, then forged. */
async function forgedDatabase(dir: string): Promise<{ bad: ReturnType<typeof forgeries>; good: string[] }> {
  const bad = forgeries()
  const good = bad.map((_, n) => `good ${n}`)
  const engine = open(dir, { classes: [Money] })
  const ids = bad.flatMap(({ id }, n) => [id, good[n] ?? ''])
  await Promise.all(ids.map((id) => flow.start({}, { engine, id })))
  await engine.stop({ grace: 0 })
  held.open()
  const forge = forger(dir)
  for (const one of bad) one.forge(forge, one.id)
  forge.close()
  return { bad, good }
}

async function requireGood(engine: EmbeddedEngine, ids: readonly string[]): Promise<void> {
  const runs: RunHandle[] = ids.map((id) => flow.get(id, { engine }))
  await Promise.all(runs.map((run) => run.signal('e', 'sent')))
  for (const run of runs) expect([run.id, await run.result()]).toEqual([run.id, ['b', 'sent']])
}

async function requireEnded(
  engine: EmbeddedEngine,
  { id, ends }: ReturnType<typeof forgeries>[number],
): Promise<void> {
  const run = flow.get(id, { engine })
  if (ends === 'fine') {
    await run.signal('e', 'sent')
    expect([id, await run.result()]).toEqual([id, ['b', 'sent']])
  } else if (ends === 'refused')
    await expect(run.result()).rejects.toMatchObject({ code: 'STORE', problem: 'corrupt' })
  else if (ends === 'blocked') {
    const error: unknown = await run.result().catch((thrown: unknown) => thrown)
    expect([id, error]).toMatchObject([id, { code: expect.stringMatching(/RUN_BLOCKED|STORE/) as string }])
    expect([id, await run.status()]).toEqual([id, 'blocked'])
  } else expect([id, await run.status()]).toEqual([id, 'running'])
}

test('R5, D7: resumed together with as many good runs: each bad one is parked with its reason or goes on, and nothing executes', async () => {
  const dir = folder()
  const { bad, good } = await forgedDatabase(dir)
  const engine = open(dir, { classes: [Money] })
  const handles = await engine.resume([flow])
  expect(handles.map(({ id }) => id)).toEqual(expect.arrayContaining(good))
  await requireGood(engine, good)
  for (const one of bad) await requireEnded(engine, one)
  expect((await engine.list({}, { limit: 1000 })).length).toBe(bad.length + good.length)
  for (const { id } of bad)
    await engine.inspect(id).catch((error: unknown) => expect(error).toMatchObject({ problem: 'corrupt' }))
  expect(Money.made).toBe(0)
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
})

test('R4, R5: a worker with room for one run at a time gets past all the bad ones', async () => {
  const dir = folder()
  const { good } = await forgedDatabase(dir)
  const engine = open(dir, { classes: [Money] })
  for (const id of good) await engine.find(id).signal('e', 'sent')
  const left = new Set(good)
  const done = new Promise<void>((resolve) => {
    engine.on('*', (event) => {
      if (event.kind === 'run.completed' && left.delete(event.run) && left.size === 0) resolve()
    })
  })
  await engine.work([flow], { concurrency: 1 })
  await done
  for (const id of good) expect(await engine.find(id).result()).toEqual(['b', 'sent'])
})

test('R5: the command lists, shows and resumes what is around them', async () => {
  const cli = place()
  const { bad } = await forgedDatabase(join(cli.dir, '.ai-workflows'))
  const list = await cli.cli('list', '--all', '--limit', '1000')
  expect(list).toMatchObject({ code: 0, stderr: '' })
  expect(list.stdout.trimEnd().split('\n')).toHaveLength(1 + 2 * bad.length)
  const ids = ['payload: an unknown tag', 'a completion of an unknown kind']
  for (const { code, stderr } of await Promise.all(ids.map((id) => cli.cli('show', id)))) {
    expect([0, 5]).toContain(code)
    expect(stderr).not.toMatch(/Unexpected|\n +at /)
  }
})
