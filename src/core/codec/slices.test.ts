import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createCodec } from './codec.ts'
import { parseInSlices } from './slice-reader.ts'
import { plainTextInSlices } from './slice-writer.ts'

/** What the work comes to, and in how many slices. */
function done<T>(work: Generator<void, T>): { readonly value: T; readonly slices: number } {
  for (let slices = 1; ; slices++) {
    const { done: isDone, value } = work.next()
    if (isDone === true) return { value, slices }
  }
}

const units = fc.array(fc.integer({ min: 0, max: 0xffff })).map((codes) => String.fromCharCode(...codes))
const escapes = fc
  .array(fc.constantFrom('\\', '"', '\n', 'u', '\ud83d', '\ude00', 'x'))
  .map((parts) => parts.join(''))
const text = fc.oneof(fc.string({ maxLength: 200 }), units, escapes)
// None ends in an escape: V8 13.6 reads `{"p":1,"\"":2}` as `{"p":1,"\\":2}` when it has read the latter before.
const key = fc.oneof(
  text.map((start) => `${start}k`),
  fc.constantFrom('__proto__', 'constructor', '1', '0', 'toJSON '),
)
const { plain } = fc.letrec<{ plain: unknown }>((tie) => ({
  plain: fc.oneof(
    { maxDepth: 6, withCrossShrink: true },
    fc.oneof(
      text,
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0),
      fc.boolean(),
      fc.constant(null),
    ),
    fc.array(tie('plain'), { maxLength: 30 }),
    fc.dictionary(key, tie('plain'), { maxKeys: 20, noNullPrototype: true }),
  ),
}))
const slice = fc.integer({ min: 32, max: 300 })

describe('D7: a large value in slices', () => {
  it('has the text that JSON.stringify writes', () => {
    fc.assert(
      fc.property(plain, slice, (value, size) => {
        expect(done(plainTextInSlices(value, size)).value).toBe(JSON.stringify(value))
      }),
      { numRuns: 2000 },
    )
  })

  it('is the value that JSON.parse reads', () => {
    fc.assert(
      fc.property(plain, slice, (value, size) => {
        const whole = JSON.stringify(value)
        expect(done(parseInSlices(`j${whole}`, 1, size)).value).toEqual(JSON.parse(whole))
      }),
      { numRuns: 2000 },
    )
  })

  it('is refused where its text was cut off or changed so that it is none any more', () => {
    const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
    const change = fc.constantFrom('', ',', ']', '}', '"', ' x')
    fc.assert(
      fc.property(plain, slice, place, change, (value, size, at, put) => {
        const whole = JSON.stringify(value)
        const damaged = whole.slice(0, Math.floor(at * whole.length)) + put
        fc.pre(!isJson(damaged))
        expect(() => done(parseInSlices(damaged, 0, size))).toThrow(SyntaxError)
      }),
      { numRuns: 2000 },
    )
  })

  it('is not taken for plain when anything in it is not', () => {
    const shared = { a: 1 }
    const rows = Array.from({ length: 50 }, (_, id) => ({ id, name: `row ${id}` }))
    const sparse: unknown[] = [...rows]
    sparse[70] = 1
    const cyclic: unknown[] = [...rows]
    cyclic.push(cyclic)
    class Odd {
      rows = rows
    }
    const others = [
      [shared, ...rows, shared],
      [shared, { rows, shared }],
      [...rows, -0],
      [...rows, undefined],
      [...rows, new Date(0)],
      { rows, at: 1n },
      { rows, fn: () => 1 },
      { rows, [Symbol('key')]: 1 },
      Object.assign([...rows], { named: 1 }),
      Object.assign(Object.create(null) as object, { rows }),
      new Odd(),
      new Map([[1, rows]]),
      sparse,
      cyclic,
    ]
    for (const value of others) expect(done(plainTextInSlices(value, 100)).value).toBeUndefined()
    expect(done(plainTextInSlices({ rows }, 100)).value).toBe(JSON.stringify({ rows }))
  })

  it('takes as many slices as it is large', () => {
    const rows = Array.from({ length: 1000 }, (_, id) => ({ id, tags: ['a', 'b'] }))
    for (const value of [
      rows,
      { meta: 1, rows },
      'x'.repeat(30_000),
      Object.fromEntries(Object.entries(rows)),
    ]) {
      const written = done(plainTextInSlices(value, 1000))
      const read = done(parseInSlices(JSON.stringify(value), 0, 1000))
      expect(written.slices).toBeGreaterThan(15)
      expect(read.slices).toBeGreaterThan(15)
    }
  })
})

describe('D7: the codec', () => {
  const codec = createCodec()
  const rows = Array.from({ length: 20_000 }, (_, id) => ({ id, name: `customer ${id}`, tags: ['a', 'b'] }))

  it('writes a small value at once, and a large one in turns of the event loop, to the same text', async () => {
    for (const value of [undefined, 1, 'text', { a: [1] }, [new Date(0)], new Map([[1, 2]])])
      expect(codec.encodeInTurns(value, 'result')).toBe(codec.encode(value, 'result'))
    const shared = [rows, rows[0]]
    for (const value of [rows, 'é"'.repeat(200_000), { rows }, shared, { rows, at: new Date(0) }]) {
      let turns = 0
      const count = (): void => void (turns++, (ticking = setImmediate(count)))
      let ticking = setImmediate(count)
      const encoded = codec.encodeInTurns(value, 'result')
      expect(encoded).toBeInstanceOf(Promise)
      expect(await encoded).toBe(codec.encode(value, 'result'))
      expect(turns).toBeGreaterThan(0)
      clearImmediate(ticking)
    }
  })

  it('E3: refuses in turns what it refuses at once, with the same path', async () => {
    const value = { rows, bad: [{ fn: () => 1 }] }
    await expect(codec.encodeInTurns(value, 'result')).rejects.toMatchObject({ path: 'result.bad[0].fn' })
    const short = createCodec([], 1000)
    await expect(short.encodeInTurns(rows, 'result')).rejects.toMatchObject({ path: 'result' })
    const throwing = {
      rows,
      get broken() {
        throw new Error('no')
      },
    }
    await expect(codec.encodeInTurns(throwing, 'result')).rejects.toMatchObject({ path: 'result.broken' })
  })

  it('gives a value that it decoded ahead to one decode, and a fresh one to each other', async () => {
    const [one, other] = [codec.encode(rows, 'result'), codec.encode([...rows, 1], 'result')]
    await codec.decodeAhead(one)
    const first = codec.decode(one)
    const second = codec.decode(one)
    expect(first).toEqual(rows)
    expect(second).toEqual(rows)
    expect(first).not.toBe(second)
    await codec.decodeAhead(one)
    expect(codec.decode(other)).toEqual([...rows, 1])
    expect(codec.decode(one)).toEqual(rows)
  })

  it('says of a damaged text the same, whether it was decoded ahead or not', async () => {
    const damaged = codec.encode(rows, 'result').slice(0, -1)
    await codec.decodeAhead(damaged)
    expect(() => codec.decode(damaged)).toThrow(/damaged/)
  })
})

function isJson(whole: string): boolean {
  try {
    JSON.parse(whole)
    return true
  } catch {
    return false
  }
}
