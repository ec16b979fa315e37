import { lstat, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { declaredLicence, isLicenceFile, recognise } from './licence.ts'

/** What the audit keeps of a package: small, because it is recorded. */
export interface PackageFacts {
  readonly name: string
  readonly version: string
  /** What its package.json says, or else what its licence text reads like. */
  readonly licence?: string
  readonly licenceFile?: string
  readonly files: number
  readonly bytes: number
}

/** @throws when its package.json cannot be read */
export async function readPackage(folder: string, signal: AbortSignal): Promise<PackageFacts> {
  const manifest = await readManifest(join(folder, 'package.json'))
  const size = await measure(folder, signal)
  const licenceFile = await findLicenceFile(folder)
  const licence =
    declaredLicence(manifest) ??
    (licenceFile === undefined ? undefined : recognise(await readFile(join(folder, licenceFile), 'utf8')))
  return {
    name: typeof manifest['name'] === 'string' ? manifest['name'] : folder,
    version: typeof manifest['version'] === 'string' ? manifest['version'] : 'unknown',
    ...(licence === undefined ? {} : { licence }),
    ...(licenceFile === undefined ? {} : { licenceFile }),
    ...size,
  }
}

async function readManifest(file: string): Promise<Readonly<Record<string, unknown>>> {
  const manifest: unknown = JSON.parse(await readFile(file, 'utf8'))
  if (typeof manifest !== 'object' || manifest === null) throw new Error(`${file} does not hold an object`)
  return manifest as Record<string, unknown>
}

async function findLicenceFile(folder: string): Promise<string | undefined> {
  const entries = await readdir(folder, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isFile() && isLicenceFile(entry.name)).map(({ name }) => name)
  return names.sort()[0]
}

/** Everything below the package but its `node_modules`: the packages in there are counted by themselves. */
async function measure(folder: string, signal: AbortSignal): Promise<{ files: number; bytes: number }> {
  const size = { files: 0, bytes: 0 }
  const pending = [folder]
  for (let current = pending.pop(); current !== undefined; current = pending.pop()) {
    signal.throwIfAborted()
    for (const entry of await readdir(current, { withFileTypes: true })) {
      const path = join(current, entry.name)
      if (entry.isFile()) {
        size.files++
        size.bytes += (await lstat(path)).size
      } else if (entry.isDirectory() && entry.name !== 'node_modules') pending.push(path)
    }
  }
  return size
}
