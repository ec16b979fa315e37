import { crc32 } from 'node:zlib'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checksum } from '../../src/store/sqlite/checksum.ts'

const text = fc.string({ unit: 'binary' })
const instant = fc.double({ min: 0, noNaN: true, noDefaultInfinity: true })
const row = fc.record({
  run: fc.nat(),
  seq: fc.nat(),
  kind: fc.constantFrom('step-done', 'timer-fired', '"'),
  key: text,
  at: instant,
  attempt: fc.option(fc.nat()),
  started_at: fc.option(instant),
  retry_at: fc.option(instant),
  name: fc.option(text),
  payload: fc.option(text),
})

describe('the checksum of a journal entry', () => {
  it('is that of the JSON of its columns and of its payload, as every database has it', () => {
    fc.assert(
      fc.property(row, (each) => {
        const { run, seq, kind, key, at, attempt, started_at, retry_at, name, payload } = each
        const columns = [
          run,
          seq,
          kind,
          key,
          at,
          attempt,
          started_at,
          retry_at,
          name,
          payload?.length ?? null,
        ]
        expect(checksum(each)).toBe(crc32(payload ?? '', crc32(JSON.stringify(columns))))
      }),
    )
  })
})
