/** Compiles a C file of this folder for `LD_PRELOAD`. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** @returns the library's path; undefined where that is not possible: not on Linux, or without a C compiler. */
export function compiled(name: string, into: string): string | undefined {
  if (process.platform !== 'linux') return undefined
  const source = fileURLToPath(new URL(`./${name}.c`, import.meta.url))
  const library = join(into, `${name}.so`)
  try {
    execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, source, '-ldl'], { stdio: 'pipe' })
    return library
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
