import * as fc from 'fast-check'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { RunFilter } from '../../src/core/ports/store.ts'
import { listQuery } from '../../src/store/sqlite/listing.ts'
import { LATEST } from '../../src/store/sqlite/migrations/index.ts'
import { migrate } from '../../src/store/sqlite/migrate.ts'
import { fromText, toText } from '../../src/store/sqlite/text.ts'
import { openWithConnection, rawDatabase } from './places.ts'
import { folder } from '../support/folder.ts'

describe('listRuns', () => {
  const statuses: RunFilter[] = [{}, { status: ['running'] }, { status: ['pending', 'failed'] }]
  const workflows: RunFilter[] = [{}, { workflow: 'w' }]
  const parents: RunFilter[] = [{}, { parent: null }, { parent: 'p' }]
  const filters = statuses.flatMap((status) =>
    workflows.flatMap((workflow) => parents.map((parent) => ({ ...status, ...workflow, ...parent }))),
  )

  it.for(filters)('searches an index and sorts nothing for %j', async (filter) => {
    const { db } = await openWithConnection(join(folder(), 'runs.db'))
    const query = listQuery(filter, { limit: 20, before: 100 })
    const plan = db.prepare(`EXPLAIN QUERY PLAN ${query?.sql}`).all(query?.values ?? {})
    const steps = plan.map((step) => String(step['detail']))
    expect(steps.join('\n')).toMatch(/SEARCH runs USING/)
    expect(steps.join('\n')).not.toMatch(/SCAN|TEMP B-TREE/)
  })
})

describe('migrating', () => {
  it('looks again what the database is, once it has the lock', async () => {
    const foreign = rawDatabase(join(folder(), 'foreign.db'))
    foreign.exec('CREATE TABLE t (x)')
    expect(() => migrate(foreign, 'foreign.db')).toThrow(
      expect.objectContaining({ problem: 'not-a-database' }),
    )
    const { db } = await openWithConnection(join(folder(), 'runs.db'))
    db.exec(`PRAGMA user_version = ${LATEST + 1}`)
    expect(() => migrate(db, 'runs.db')).toThrow(expect.objectContaining({ problem: 'too-new' }))
    expect(db.isTransaction).toBe(false)
  })
})

describe('text in the database', () => {
  const anyString = fc.string({ unit: 'binary', maxLength: 20 })
  const anyUnits = fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units))
  const escaped = anyString.map((text) => `\u001b${text}`)
  const text = fc.oneof(anyString, anyUnits, escaped, anyUnits.map(toText))

  it('is well formed, comes back exactly, and is different for different strings', () => {
    fc.assert(
      fc.property(text, text, (one, other) => {
        expect(toText(one).isWellFormed()).toBe(true)
        expect(fromText(toText(one))).toBe(one)
        expect(toText(one) === toText(other)).toBe(one === other)
      }),
      { numRuns: 2000 },
    )
  })
})
