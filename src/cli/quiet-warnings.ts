/** What Node.js warns of whenever a TypeScript file is run or SQLite is used (22.x): said to those who cannot change it. */
const EXPECTED = [
  /^SQLite is an experimental/,
  /^Type Stripping is an experimental/,
  /^Module type of .* is not specified/,
]

export function silenceExpectedWarnings(): void {
  const emit = process.emitWarning.bind(process) as (...args: unknown[]) => void
  process.emitWarning = (warning: string | Error, ...rest: unknown[]): void => {
    const message = typeof warning === 'string' ? warning : warning.message
    if (!EXPECTED.some((one) => one.test(message))) emit(warning, ...rest)
  }
}
