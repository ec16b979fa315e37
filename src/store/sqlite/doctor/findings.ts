/** What an examination has found so far. */
import { messageOf } from '../../../core/errors.ts'
import type { Finding, Severity } from '../../../core/ports/maintenance.ts'
import { asStoreError } from '../errors.ts'

const WORST_FIRST: readonly Severity[] = ['damage', 'problem', 'note']

export class Findings {
  readonly #all: Finding[] = []

  add(severity: Severity, message: string, advice: string): void {
    this.#all.push({ severity, message, advice })
  }

  /** An examination that fails is a finding itself. @returns what `examine` does, unless it throws. */
  attempt<T>(examine: () => T, severity: Severity, advice: string, path?: string): T | undefined {
    try {
      return examine()
    } catch (error) {
      this.add(severity, messageOf(path === undefined ? error : asStoreError(error, path)), advice)
      return undefined
    }
  }

  get healthy(): boolean {
    return this.#all.every(({ severity }) => severity === 'note')
  }

  sorted(): readonly Finding[] {
    return WORST_FIRST.flatMap((severity) => this.#all.filter((one) => one.severity === severity))
  }
}
