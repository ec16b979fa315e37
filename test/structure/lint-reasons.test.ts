import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const isExcuse = (line: string): boolean => /\/[/*] *(oxlint-disable|@ts-expect-error|@ts-ignore)/.test(line)
const hasReason = (line: string): boolean => / -- \S.{2,}|@ts-expect-error:? \S.{2,}/.test(line)

test('every switched-off rule says why', () => {
  const files = globSync('{src,test,examples,audit,bench,scripts}/**/*.{ts,mjs}', {
    cwd: root,
    exclude: (name) => name === 'node_modules' || name.endsWith('/node_modules'),
  })
  const silent = files.flatMap((file) =>
    readFileSync(join(root, file), 'utf8')
      .split('\n')
      .flatMap((line, index) =>
        isExcuse(line) && !hasReason(line) ? [`${file}:${index + 1}: ${line.trim()}`] : [],
      ),
  )
  expect(files.length).toBeGreaterThan(5)
  expect(silent).toEqual([])
})
