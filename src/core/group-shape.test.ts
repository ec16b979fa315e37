import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeShape, encodeShape, MOST_MEMBERS } from './group-shape.ts'
import type { GroupShape } from './ports/effects.ts'

const members = (keys: readonly string[]): GroupShape => ({
  kind: 'parallel',
  limit: 3,
  size: keys.length,
  members: keys,
})

describe('the shape of a group', () => {
  it('comes back as it was, whatever its members are called', () => {
    const key = fc.oneof(
      fc.string(),
      fc.tuple(fc.constantFrom('step-', 'enrich#', ''), fc.nat(30)).map(([name, n]) => `${name}${n}`),
    )
    const shape = fc.record<GroupShape>({
      kind: fc.constantFrom('parallel', 'race', 'any'),
      limit: fc.option(fc.integer({ min: 1 }), { nil: undefined }),
      size: fc.nat(),
      members: fc.option(fc.array(key), { nil: undefined }),
    })
    fc.assert(
      fc.property(shape, (given) => {
        expect(decodeShape(encodeShape(given))).toEqual(given)
      }),
    )
  })

  it('takes a few characters for thousands that count upwards', () => {
    const counted = Array.from({ length: 10_000 }, (_, index) => `step-${index}`)
    const repeated = ['call', ...Array.from({ length: 9_999 }, (_, index) => `call#${index + 2}`)]
    for (const keys of [counted, repeated]) {
      expect(encodeShape(members(keys)).length).toBeLessThan(100)
      expect(decodeShape(encodeShape(members(keys)))?.members).toEqual(keys)
    }
  })

  it('keeps numbers with leading zeros, and very large ones, as they are', () => {
    const keys = ['a-08', 'a-09', 'a-10', 'b-999999999999999', 'b-1000000000000000', 'c-007', 'c-008']
    expect(decodeShape(encodeShape(members(keys)))?.members).toEqual(keys)
  })

  it.for([
    '',
    '{',
    'null',
    '[]',
    '{"kind":"other","size":1}',
    '{"kind":"race","size":-1}',
    '{"kind":"race","size":1,"limit":"3"}',
    '{"kind":"race","size":1,"members":[1]}',
    '{"kind":"race","size":1,"members":[["a",0]]}',
    `{"kind":"race","size":1,"members":[["a",0,${MOST_MEMBERS + 1}]]}`,
  ])('that nobody wrote is none: %s', (text) => {
    expect(decodeShape(text)).toBeUndefined()
  })
})
