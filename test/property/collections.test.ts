/** Whatever is done to them, the collections that a run is made of hold what a Map or a Set holds, in the same order. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { LargeCounts, LargeMap } from '../../src/core/large-collections.ts'
import { SmallMap, SmallSet } from '../../src/core/small-collections.ts'

const KEYS = ['a', 'b', 'c'] as const
const changes = fc.array(
  fc.record({ key: fc.constantFrom(...KEYS), what: fc.constantFrom('set', 'delete'), value: fc.nat(9) }),
  { maxLength: 30 },
)

test('a SmallMap is a Map', () => {
  fc.assert(
    fc.property(changes, (all) => {
      const [small, map] = [new SmallMap<string, number>(), new Map<string, number>()]
      for (const { key, what, value } of all) {
        if (what === 'set') {
          small.set(key, value)
          map.set(key, value)
        } else expect(small.delete(key)).toBe(map.delete(key))
        expect(small.size).toBe(map.size)
        expect([...small.keys()]).toEqual([...map.keys()])
        expect([...small.values()]).toEqual([...map.values()])
        for (const one of KEYS) expect([small.has(one), small.get(one)]).toEqual([map.has(one), map.get(one)])
      }
      small.clear()
      expect([small.size, ...small.keys()]).toEqual([0])
    }),
  )
})

test('a SmallSet is a Set', () => {
  const items = new Map(KEYS.map((key) => [key, { key }]))
  fc.assert(
    fc.property(changes, (all) => {
      const [small, set] = [new SmallSet<object>(), new Set<object>()]
      for (const { key, what } of all) {
        const item = items.get(key) as object
        for (const collection of [small, set]) collection[what === 'set' ? 'add' : 'delete'](item)
        expect(small.size).toBe(set.size)
        expect([...small]).toEqual([...set])
      }
    }),
  )
})

test('a LargeMap holds every entry, of those that came first and of the others', () => {
  const large = new LargeMap<number>()
  const keys = Array.from({ length: 50_000 }, (_, n) => `key-${n}`)
  for (const [n, key] of keys.entries()) large.set(key, n)
  for (const key of keys) large.set(key, (large.get(key) ?? NaN) + 1)
  expect(keys.map((key) => large.get(key))).toEqual(keys.map((_, n) => n + 1))
  expect([...large.keys()].toSorted()).toEqual(keys.toSorted())
  expect(large.get('another')).toBeUndefined()
})

test('LargeCounts counts every name from one, before and after there are many', () => {
  const counts = new LargeCounts()
  const names = Array.from({ length: 40_000 }, (_, n) => `name-${n}`)
  expect(counts.next('name-7')).toBe(1)
  expect(counts.next('name-7')).toBe(2)
  for (const name of names) expect(counts.next(name)).toBe(name === 'name-7' ? 3 : 1)
  for (const name of names) expect(counts.next(name)).toBe(name === 'name-7' ? 4 : 2)
  expect(counts.next('another')).toBe(1)
})
