import { execFileSync } from 'node:child_process'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { heaviest } from '../../src/cli/exit-codes.ts'
import { versionProblem } from '../../src/cli/node-version.ts'
import { oneLine, printable, shellWord } from '../../src/cli/text/printable.ts'
import { tableLines } from '../../src/cli/text/table.ts'
import { durationText } from '../../src/core/duration-text.ts'
import { fitted, widthOf } from '../../src/cli/text/width.ts'
import { plainJson } from '../../src/cli/value/plain-json.ts'

describe('text for a terminal', () => {
  test('never holds a control character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        // oxlint-disable-next-line no-control-regex -- what must not be there
        expect(printable(text)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/)
        expect(oneLine(text)).not.toContain('\n')
      }),
    )
  })

  test('as a word of a command is one argument, the same text', () => {
    const texts = fc.array(
      fc.string({ unit: 'grapheme' }).map((text) => `${text}'$"\\ \n\u0007`),
      { minLength: 40, maxLength: 40 },
    )
    const [sample = []] = fc.sample(texts, { numRuns: 1, seed: 1 })
    const words = [...sample, 'plain', '-x', '', '$(id)', `a'b`, 'naïve 🦊'].filter(
      (word) => !word.includes('\u0000'),
    )
    const output = execFileSync('bash', ['-c', `printf '%s\\0' ${words.map(shellWord).join(' ')}`], {
      encoding: 'utf8',
    })
    expect(output.split('\u0000').slice(0, -1)).toEqual(words)
  })

  test('is measured in columns', () => {
    expect([widthOf('abc'), widthOf('狐狸'), widthOf('🦊'), widthOf('e\u0301'), widthOf('👩‍👩‍👧')]).toEqual([
      3, 4, 2, 1, 2,
    ])
    expect([fitted('abcdef', 4), fitted('狐狸狐狸', 4), fitted('abc', 3)]).toEqual(['abc…', '狐…', 'abc'])
  })

  test('in a table fits the terminal, and is whole where there is none', () => {
    const columns = [
      { title: 'ID', least: 4, cutFirst: 1 },
      { title: 'NAME', least: 4, cutFirst: 2 },
      { title: 'N', align: 'right' as const },
    ]
    const rows = [
      ['1234567890', 'a long name of it', '7'],
      ['1', '狐', '1000'],
    ]
    expect(tableLines(columns, rows, undefined)).toEqual([
      'ID          NAME                  N',
      '1234567890  a long name of it     7',
      '1           狐                 1000',
    ])
    const narrow = tableLines(columns, rows, 20)
    expect(narrow).toEqual(['ID        NAME     N', '1234567…  a l…     7', '1         狐    1000'])
    expect(narrow.every((line) => widthOf(line) <= 20)).toBe(true)
  })

  test('says durations in two units at most', () => {
    expect([0, 999, 999.5, 1500, 59_949, 59_950, 61_000, 3_600_000, 90_061_000].map(durationText)).toEqual([
      '0 ms',
      '999 ms',
      '1.0 s',
      '1.5 s',
      '59.9 s',
      '1 min',
      '1 min 1 s',
      '1 h',
      '1 d 1 h',
    ])
  })
})

describe('a value as plain JSON', () => {
  test('keeps what JSON has, and writes the rest in the nearest form', () => {
    const cyclic: Record<string, unknown> = { a: 1 }
    cyclic['self'] = cyclic
    const shared = { x: 1 }
    const cases: readonly (readonly [unknown, unknown])[] = [
      [undefined, null],
      [{ a: undefined, b: [undefined] }, { b: [null] }],
      [10n ** 20n, '100000000000000000000'],
      [
        [Number.NaN, Number.POSITIVE_INFINITY, -0],
        ['NaN', 'Infinity', 0],
      ],
      [new Map<unknown, unknown>([['k', new Set([1])]]), [['k', [1]]]],
      [new Date(Number.NaN), null],
      [new URL('https://example.org/'), 'https://example.org/'],
      [/a/g, '/a/g'],
      [new Uint8Array([1, 2]), 'AQI='],
      [new Float64Array([1.5]), [1.5]],
      [cyclic, { a: 1, self: '[Circular]' }],
      [
        [shared, shared],
        [{ x: 1 }, { x: 1 }],
      ],
    ]
    for (const [value, plain] of cases) expect(JSON.parse(JSON.stringify(plainJson(value)))).toEqual(plain)
  })

  test('keeps of an error its name, message, cause, errors and own properties', () => {
    const error = Object.assign(
      new AggregateError([new Error('one')], 'many', { cause: new TypeError('why') }),
      { code: 'X' },
    )
    expect(plainJson(error)).toEqual({
      name: 'AggregateError',
      message: 'many',
      code: 'X',
      cause: { name: 'TypeError', message: 'why' },
      errors: [{ name: 'Error', message: 'one' }],
    })
  })

  test('keeps a property named __proto__ as one', () => {
    expect(JSON.stringify(plainJson(JSON.parse('{"__proto__":{"x":1}}')))).toBe('{"__proto__":{"x":1}}')
  })
})

test('of several exit codes the weightiest counts', () => {
  expect([heaviest([]), heaviest([0, 0]), heaviest([0, 4, 1]), heaviest([1, 130])]).toEqual([0, 0, 1, 130])
})

test('an older Node.js is told so', () => {
  expect(['v22.22.3', 'v22.23.0', 'v24.0.0'].map(versionProblem)).toEqual([undefined, undefined, undefined])
  expect(versionProblem('v22.22.2')).toContain('22.22.3 or newer, and this is v22.22.2')
  expect(versionProblem('v20.19.0')).toBeDefined()
})
