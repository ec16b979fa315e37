/** The oldest Node.js that this package supports. Below it the modules of the command would not even load. */
const OLDEST = [22, 22, 3] as const

export function versionProblem(version: string): string | undefined {
  const parts = version.replace(/^v/, '').split('.').map(Number)
  for (const [at, oldest] of OLDEST.entries()) {
    const part = parts[at] ?? 0
    if (part > oldest) return undefined
    if (part < oldest)
      return `ai-workflows needs Node.js ${OLDEST.join('.')} or newer, and this is ${version}`
  }
  return undefined
}
