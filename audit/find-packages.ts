import { type Dirent, existsSync, readdirSync } from 'node:fs'
import { join, posix } from 'node:path'

/**
 * Paths of the packages installed under `root`, relative to it and with slashes, in order: those in scopes, those in
 * the `node_modules` of other packages, and those in pnpm's store. Links are left out: what they lead to is found
 * where it lies.
 * @throws when `root` has no `node_modules`
 */
export function findPackages(root: string): string[] {
  const found: string[] = []
  const pending = ['node_modules']
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    for (const name of directoriesIn(join(root, folder))) {
      const path = posix.join(folder, name)
      if (name === '.pnpm') pending.push(...inStore(root, path))
      else if (name.startsWith('@')) pending.push(path)
      else if (!name.startsWith('.')) {
        if (existsSync(join(root, path, 'package.json'))) found.push(path)
        if (existsSync(join(root, path, 'node_modules'))) pending.push(posix.join(path, 'node_modules'))
      }
    }
  }
  return found.sort()
}

function inStore(root: string, store: string): string[] {
  const folders = directoriesIn(join(root, store)).map((name) => posix.join(store, name, 'node_modules'))
  return folders.filter((folder) => existsSync(join(root, folder)))
}

function directoriesIn(folder: string): string[] {
  const isDirectory = (entry: Dirent): boolean => entry.isDirectory()
  return readdirSync(folder, { withFileTypes: true })
    .filter(isDirectory)
    .map(({ name }) => name)
}
