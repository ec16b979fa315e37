/** Every numbered rule of the specification is the name of a test somewhere. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

const numbered = (letter: string, last: number): string[] =>
  Array.from({ length: last }, (_, index) => `${letter}${index + 1}`)

/** R4 and R7 come with a later version. */
const RULES = [...numbered('M', 13), ...numbered('E', 7), ...numbered('D', 7), 'R1', 'R2', 'R3', 'R5', 'R6']

/** A text that is the first argument of a call, and begins with the numbers of rules: `test('M2, M10: …', …`. */
const CITATION = /\(\s*(['"`])((?:[MEDR]\d+)(?:(?:, | and )[MEDR]\d+)*)\b(?:(?!\1).)*\1,/g

/** Their names are those of tests as well, of every engine. */
const CASES = /^testing\/engine-cases\/[a-z]+\.ts$/

/** Rules that are cited by the names of tests, with how often. */
async function citations(): Promise<{ files: number; cited: Map<string, number> }> {
  const cited = new Map<string, number>()
  let files = 0
  for (const folder of ['src', 'test']) {
    const names = await readdir(join(root, folder), { recursive: true })
    for (const name of names.filter(
      (one) => (one.endsWith('.test.ts') || CASES.test(one)) && !one.endsWith('citations.test.ts'),
    )) {
      files++
      const text = await readFile(join(root, folder, name), 'utf8')
      for (const [, , rules = ''] of text.matchAll(CITATION))
        for (const rule of rules.match(/[MEDR]\d+/g) ?? []) cited.set(rule, (cited.get(rule) ?? 0) + 1)
    }
  }
  return { files, cited }
}

test('each rule is cited by the name of at least one test', async () => {
  const { files, cited } = await citations()
  expect(files).toBeGreaterThan(20)
  expect(RULES.filter((rule) => !cited.has(rule))).toEqual([])
})

test('no test cites a rule that does not exist', async () => {
  const { cited } = await citations()
  const known = new Set([...RULES, 'R4', 'R7'])
  expect([...cited.keys()].filter((rule) => !known.has(rule))).toEqual([])
})
