import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createCodec } from './codec.ts'
import { parseJson } from './parse-json.ts'

/** Keys that V8 13.6 mixes up when objects of one shape have had one that ends in a backslash. */
const ENDS = ['\\', '"', '\n', '\t', '\b', '\f', '\r', '\u0001', '/', 'n', 'é'] as const

let shapes = 0
/** Objects of a shape that no other test has made. */
const shape = (key: string): Record<string, number> => ({ [`shape ${shapes}`]: 1, [key]: 2 })

describe('D7: a key with an escape in it is read as it was written', () => {
  test.each(ENDS)('after one that ends in a backslash, %j', (end) => {
    for (const before of ['', 'x', 'C:', 'a\\', 'é']) {
      shapes++
      expect(parseJson(JSON.stringify(shape(`${before}\\`)))).toEqual(shape(`${before}\\`))
      const text = JSON.stringify(shape(`${before}${end}`))
      expect(JSON.stringify(parseJson(text))).toBe(text)
      const spaced = JSON.stringify(shape(`${before}${end}`), undefined, 1).replaceAll('":', '" :')
      expect(JSON.stringify(parseJson(spaced))).toBe(text)
    }
  })

  test('after one that looks as its text does', () => {
    for (const [before, after] of [
      [String.raw`\\server`, String.raw`\server1`],
      [String.raw`x\n`, 'x\nz'],
      [String.raw`/\\`, String.raw`/\:`],
      ['x\\u0', 'x\u0001yz'],
    ] as const) {
      shapes++
      parseJson(JSON.stringify(shape(before)))
      const text = JSON.stringify(shape(after))
      expect(JSON.stringify(parseJson(text))).toBe(text)
    }
  })

  test('also where a key is there twice, or is what others are replaced by', () => {
    expect(parseJson(String.raw`{"a\n":1,"b":2,"a\u000a":3,"~0":4,"\u007e1":5,"__\u0070roto__":{}}`)).toEqual(
      Object.fromEntries([
        ['a\n', 3],
        ['b', 2],
        ['~0', 4],
        ['~1', 5],
        ['__proto__', {}],
      ]),
    )
  })

  test.each(['plain', 'with a date'])('by the codec, in a value that is %s', (kind) => {
    const codec = createCodec()
    const rest = kind === 'plain' ? {} : { at: new Date(0) }
    for (const end of ENDS) {
      shapes++
      for (const key of ['x\\', `x${end}`]) {
        const value = { ...shape(key), ...rest }
        expect(codec.decode(codec.encode(value, 'result'))).toEqual(value)
      }
    }
  })

  test('whatever the keys and values are', () => {
    const part = fc.stringMatching(/^[\\"\n/a:u]{0,4}$/)
    fc.assert(
      fc.property(fc.array(fc.dictionary(part, fc.oneof(part, fc.dictionary(part, part)))), (value) => {
        const text = JSON.stringify(value)
        expect(JSON.stringify(parseJson(text))).toBe(text)
      }),
      { numRuns: 500 },
    )
  })

  test('and stays in its order, whatever else is in the object, and wherever it is', () => {
    const text = String.raw`[{"~":0,"a\n":{"__proto__":{"b\"":1}},"~0":2,"2":3,"c\\":4,"\u007e1\n":"x\\\":y"}]`
    expect(JSON.stringify(parseJson(text))).toBe(
      String.raw`[{"2":3,"~":0,"a\n":{"__proto__":{"b\"":1}},"~0":2,"c\\":4,"~1\n":"x\\\":y"}]`,
    )
  })

  test('and what is no JSON is refused as ever', () => {
    for (const text of ['{"a\\x":1}', '{"a\\":1}', '{"\\u00":1}', '"\\q"', ''])
      expect(() => parseJson(text)).toThrow(SyntaxError)
  })
})
