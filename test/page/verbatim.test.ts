/** Holds the other tests of this folder to the page itself: each of its examples is among them, word for word. */
import { readdir, readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'

const here = new URL('.', import.meta.url)

/** Everything on the page that is not code, in its order. */
const PROSE = [
  'Parallel Execution',
  'Run steps concurrently for better performance',
  'Parallel Execution',
  'Execute multiple independent operations concurrently to improve workflow performance.',
  'Basic Parallel Execution',
  'Named Parallel Steps',
  'Parallel with Limits',
  'Control concurrency to avoid overwhelming resources:',
  'Error Handling in Parallel',
  'Fail Fast (Default)',
  'Settle All',
  'Continue even if some steps fail:',
  'Race Execution',
  'Return as soon as one step completes:',
  'Parallel Workflows',
  'Run entire workflows in parallel:',
  'Fan-Out / Fan-In Pattern',
  'Conditional Parallel',
  'Timeout for Parallel',
  'Nested Parallel',
  'Best Practices',
] as const

/** The page was saved without the line breaks between the end of an example and the heading after it. */
function unglue(line: string): string[] {
  const heading = PROSE.find((one) => line.endsWith(one) && /[)}]$/.test(line.slice(0, -one.length)))
  return heading === undefined ? [line] : [line.slice(0, -heading.length), heading]
}

interface Page {
  readonly prose: readonly string[]
  readonly examples: readonly (readonly string[])[]
}

async function readPage(): Promise<Page> {
  const text = await readFile(new URL('parallel-execution.txt', here), 'utf8')
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .flatMap(unglue)
    .filter((line) => line !== '')
  const end = lines.indexOf('Best Practices')
  const known: ReadonlySet<string> = new Set(PROSE)
  const prose: string[] = []
  const examples: string[][] = []
  let open = false
  for (const line of lines.slice(0, end + 1)) {
    if (known.has(line)) {
      prose.push(line)
      open = false
    } else if (open) examples.at(-1)?.push(line)
    else {
      examples.push([line])
      open = true
    }
  }
  return { prose, examples }
}

const ADDED = /^(\/\/ prettier-ignore|\/\/ oxlint-disable|\/\*\*)/

async function readSources(): Promise<string[][]> {
  const files = (await readdir(here)).filter(
    (name) => name.endsWith('.test.ts') && name !== 'verbatim.test.ts',
  )
  const texts = await Promise.all(files.map((name) => readFile(new URL(name, here), 'utf8')))
  return texts.map((text) =>
    text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '' && !ADDED.test(line)),
  )
}

function holds(source: readonly string[], code: readonly string[]): boolean {
  return source.some((_, at) => code.every((line, offset) => source[at + offset] === line))
}

const { prose, examples } = await readPage()
const isImport = (line: string): boolean => line.startsWith('import ')

test('the page is read whole: its headings are the known ones, and it has eleven examples', () => {
  expect(prose).toEqual(PROSE)
  expect(examples).toHaveLength(11)
  expect(examples.flat().join('\n')).toHaveLength(3506)
})

test.each(examples.map((lines) => ({ title: lines.find((line) => !isImport(line)), lines })))(
  'the example that begins with "$title" is executed as it is printed',
  async ({ lines }) => {
    const sources = await readSources()
    const code = lines.filter((line) => !isImport(line))
    const imports = lines.filter(isImport)
    const places = sources.filter(
      (source) => holds(source, code) && imports.every((line) => source.includes(line)),
    )
    expect(places).toHaveLength(1)
  },
)
