import { describe, expect, test } from 'vitest'
import { logLine } from './log-line.ts'
import type { LogFields } from './ports/logger.ts'

const at = new Date(2031, 0, 2, 3, 4, 5, 6)

function line(message: string, fields?: LogFields, colors = false): string {
  return logLine({ level: 'info', at, message, fields }, colors)
}

describe('a message for people', () => {
  test('has the time, the level, where it is from, what it says, and its fields', () => {
    expect(line('hello')).toBe('03:04:05.006 info  hello')
    expect(logLine({ level: 'error', at, message: 'hello', fields: undefined }, false)).toBe(
      '03:04:05.006 error hello',
    )
    expect(line('hello', { run: 'r', workflow: 'w' })).toBe('03:04:05.006 info  [w r] hello')
    const place = { run: 'r', workflow: 'w', step: 'b', key: 'a/b' }
    expect(line('hello', { ...place, attempt: 1, n: 1 })).toBe('03:04:05.006 info  [w r › a/b] hello n=1')
    expect(line('hello', { ...place, attempt: 2 })).toBe('03:04:05.006 info  [w r › a/b] hello attempt=2')
    expect(line('hello', { step: 'alone', attempt: 1 })).toBe('03:04:05.006 info  [alone] hello')
  })

  test('shows values so that they can be told apart', () => {
    const fields = {
      word: 'Visa',
      words: 'Visa 4',
      empty: '',
      n: 1,
      text: '1',
      nothing: undefined,
      none: null,
      big: 1n,
      list: [1, { a: [2] }],
      map: new Map([['a', 1]]),
      when: new Date(0),
    }
    expect(line('m', fields)).toBe(
      "03:04:05.006 info  m word=Visa words='Visa 4' empty='' n=1 text=1 nothing=undefined none=null big=1n " +
        "list=[ 1, { a: [ 2 ] } ] map=Map(1) { 'a' => 1 } when=1970-01-01T00:00:00.000Z",
    )
  })

  test('a run or a step that is no text is a field like any other', () => {
    expect(line('m', { run: 7, attempt: 'x' })).toBe('03:04:05.006 info  m run=7 attempt=x')
  })

  test('is one line, and a short one, whatever it is given; nothing in it is obeyed', () => {
    const cyclic: Record<string, unknown> = {}
    cyclic['self'] = cyclic
    const text = line('two\nlines \u001b[2J\u202e', {
      run: 'r\u001b[31m',
      'key\n': 'a\nb',
      cyclic,
      long: 'x'.repeat(10_000),
      many: Array.from({ length: 10_000 }, () => 1),
      wide: Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`k${n}`, n])),
      deep: { a: { b: { c: { d: { e: 1 } } } } },
    })
    expect(text).toContain(String.raw`[r\u{1b}[31m] two\nlines \u{1b}[2J\u{202e} key\n=`)
    expect(text).toContain('cyclic=<ref *1> { self: [Circular *1] }')
    // oxlint-disable-next-line no-control-regex -- that there is none is what is expected
    expect(text).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/)
    expect(text.length).toBeLessThan(10_000)
  })

  test('of an error it says where it came from, and what caused it, in lines of their own', () => {
    const error = new TypeError('bad\u001b[2J', { cause: new RangeError('no\nfunds') })
    error.stack = 'TypeError: bad\n    at a (a.ts:1:1)\n    at b (b.ts:2:2)'
    ;(error.cause as Error).stack = 'RangeError: no\nfunds\n    at c (c.ts:3:3)'
    expect(line('m', { error }).split('\n')).toEqual([
      String.raw`03:04:05.006 info  m error='TypeError: bad\x1B[2J'`,
      '    at a (a.ts:1:1)',
      '    at b (b.ts:2:2)',
      String.raw`    caused by RangeError: no\nfunds`,
      '    at c (c.ts:3:3)',
    ])
  })

  test('of several errors in one it names the first', () => {
    const errors = ['one', 'two\n', 3, 4, 5, 6].map((n) => (typeof n === 'string' ? new Error(n) : n))
    const error = new AggregateError(errors, 'All')
    error.stack = 'AggregateError: All\n    at a'
    expect(line('m', { error }).split('\n')).toEqual([
      "03:04:05.006 info  m error='AggregateError: All'",
      '    at a',
      "    one of them: 'Error: one'",
      String.raw`    one of them: 'Error: two\n'`,
      '    one of them: 3',
      '    one of them: 4',
      '    one of them: 5',
    ])
  })

  test('of very many fields it says how many it does not show', () => {
    const text = line('m', Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`k${n}`, n])))
    expect(text).toMatch(/ k48=48 k49=49 and 10 more fields$/)
  })

  test('causes that go round end', () => {
    const error = new Error('round')
    error.cause = error
    error.stack = 'Error: round\n    at a'
    expect(line('m', { error }).split('\n').length).toBeLessThan(12)
  })

  test('values that throw when they are looked at are no reason to throw', () => {
    const raise = (): never => {
      throw new Error('trap')
    }
    const proxy = new Proxy(new Error('x'), { get: raise, getPrototypeOf: raise, ownKeys: raise })
    const getters = Object.defineProperties(new Error('x'), {
      name: { get: raise },
      stack: { get: raise },
      cause: { get: raise },
    })
    const own = { [Symbol.for('nodejs.util.inspect.custom')]: raise }
    const text = line('m', { proxy, getters, own, getter: Object.defineProperty({}, 'a', { get: raise }) })
    expect(text).toMatch(/^03:04:05.006 info {2}m proxy=.* getters=.* own=\(cannot be shown: trap\) getter=/)
  })

  test('has colours where they are wanted, and says the same in them', () => {
    const plain = line('m', { run: 'r', a: 1 })
    const coloured = line('m', { run: 'r', a: 1 }, true)
    expect(coloured).not.toBe(plain)
    // oxlint-disable-next-line no-control-regex -- colours begin with one
    expect(coloured.replace(/\u001b\[\d+m/g, '')).toBe(plain)
  })
})
