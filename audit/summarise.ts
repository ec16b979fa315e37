import type { PackageFacts } from './read-package.ts'

/** The report. Every list is in an order that does not depend on who was read first. */
export interface Summary {
  readonly root: string
  readonly packages: number
  readonly files: number
  readonly bytes: number
  /** Packages by licence, the most frequent first. */
  readonly licences: Readonly<Record<string, number>>
  /** Neither a licence in package.json nor a text that we know. */
  readonly withoutLicence: readonly { readonly path: string; readonly licenceFile: string | undefined }[]
  readonly largest: readonly { readonly path: string; readonly bytes: number; readonly files: number }[]
  /** Packages that are installed in several versions, or several times in one. */
  readonly duplicates: readonly {
    readonly name: string
    readonly copies: number
    readonly versions: readonly string[]
  }[]
  readonly unreadable: readonly { readonly path: string; readonly reason: string }[]
}

const LARGEST = 10

interface Installed extends PackageFacts {
  readonly path: string
}

/** @param outcomes one for each of `paths` */
export function summarise(
  root: string,
  paths: readonly string[],
  outcomes: readonly PromiseSettledResult<PackageFacts>[],
): Summary {
  const installed: Installed[] = []
  const unreadable: { path: string; reason: string }[] = []
  for (const [index, path] of paths.entries()) {
    const outcome = outcomes[index]
    if (outcome?.status === 'fulfilled') installed.push({ path, ...outcome.value })
    else unreadable.push({ path, reason: reasonOf(outcome?.reason) })
  }
  return {
    root,
    packages: paths.length,
    files: sum(installed.map(({ files }) => files)),
    bytes: sum(installed.map(({ bytes }) => bytes)),
    licences: byLicence(installed),
    withoutLicence: installed
      .filter(({ licence }) => licence === undefined)
      .map(({ path, licenceFile }) => ({ path, licenceFile })),
    largest: installed
      .toSorted((a, b) => b.bytes - a.bytes || inOrder(a.path, b.path))
      .slice(0, LARGEST)
      .map(({ path, bytes, files }) => ({ path, bytes, files })),
    duplicates: duplicatesOf(installed),
    unreadable,
  }
}

function byLicence(installed: readonly Installed[]): Record<string, number> {
  const counts = [...Map.groupBy(installed, ({ licence }) => licence ?? 'none')].map(
    ([licence, those]) => [licence, those.length] as const,
  )
  return Object.fromEntries(counts.sort(([a, x], [b, y]) => y - x || inOrder(a, b)))
}

function duplicatesOf(installed: readonly Installed[]): Summary['duplicates'] {
  return [...Map.groupBy(installed, ({ name }) => name)]
    .filter(([, those]) => those.length > 1)
    .map(([name, those]) => ({
      name,
      copies: those.length,
      versions: [...new Set(those.map(({ version }) => version))].sort(byVersion),
    }))
    .sort((a, b) => b.versions.length - a.versions.length || b.copies - a.copies || inOrder(a.name, b.name))
}

const { compare: byVersion } = new Intl.Collator('en', { numeric: true })

function inOrder(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0)
}

/** A step's error names the step, which the path says already: what the step threw is news. */
function reasonOf(error: unknown): string {
  const thrown = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return thrown instanceof Error ? thrown.message : String(thrown)
}
