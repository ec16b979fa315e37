/** Who takes part. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { missingPackages } from '../../bench/compile.ts'
import { lineUp } from '../../bench/line-up.ts'
import { folder } from '../support/folder.ts'

/** As `bench/contenders` is when it is compiled. */
function contenders(durable: Readonly<Record<string, object>>, fanOut: readonly string[]): URL {
  const place = folder()
  for (const sub of ['durable', 'fan-out']) mkdirSync(join(place, 'contenders', sub), { recursive: true })
  writeFileSync(join(place, 'package.json'), '{"type":"module"}')
  for (const [file, contender] of Object.entries(durable))
    writeFileSync(
      join(place, 'contenders/durable', `${file}.js`),
      `export const contender = { ...${JSON.stringify(contender)}, open() { throw new Error('opened') } }`,
    )
  for (const name of fanOut)
    writeFileSync(
      join(place, 'contenders/fan-out', `${name}.js`),
      `export const contender = { name: '${name}', kind: 'floor', load() { throw new Error('loaded') } }`,
    )
  return pathToFileURL(`${place}/`)
}

const floor = { name: 'Floor', kind: 'floor', durability: 'synced', scenarios: { A: 'comparable' } }
const absent = { ...floor, name: 'Absent', kind: 'peer', package: 'a-package-that-nobody-has-installed' }

test('a peer that is not installed is named, and the others take part', async () => {
  const { participants, missing } = await lineUp(contenders({ absent, floor }, ['pool']), [])
  expect(participants.map(({ note }) => note.name)).toEqual(['Floor', 'pool'])
  expect(missing).toEqual([
    { name: 'Absent', reason: 'a-package-that-nobody-has-installed is not installed in bench/node_modules' },
  ])
})

test('who is not asked for is neither measured nor missing', async () => {
  const { participants, missing } = await lineUp(contenders({ absent, floor }, ['pool']), ['OO', 'x'])
  expect(participants.map(({ note }) => note.name)).toEqual(['Floor', 'pool'])
  expect(missing).toEqual([])
})

test('a package that is asked for and not installed is found out before the benchmarks are compiled', () => {
  const bench = folder()
  writeFileSync(join(bench, 'package.json'), '{"dependencies":{"@peer/here":"^1.0.0","gone":"^1.0.0"}}')
  mkdirSync(join(bench, 'node_modules/@peer/here'), { recursive: true })
  writeFileSync(join(bench, 'node_modules/@peer/here/package.json'), '{}')
  expect(missingPackages(bench)).toEqual(['gone'])
})
