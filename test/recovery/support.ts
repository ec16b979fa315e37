import { step, workflow, type Workflow } from 'ai-workflows'

/** Counts how often the function of each step was called, and fails those that are broken. */
export class Calls {
  readonly names: string[] = []
  readonly broken = new Set<string>()

  /** A step that notes that it ran, and how often it had. */
  step(name: string): ReturnType<typeof step<string>> {
    return step(name, () => this.call(name))
  }

  call(name: string): string {
    this.names.push(name)
    if (this.broken.has(name)) throw new Error(`${name} is broken`)
    return `${name} ${this.count(name)}`
  }

  count(name: string): number {
    return this.names.filter((one) => one === name).length
  }

  /** What ran since this was last asked. */
  take(): string[] {
    return this.names.splice(0)
  }
}

/** A workflow that takes steps one after the other, and returns their results. */
export function sequence(calls: Calls, ...names: string[]): Workflow<null, string[]> {
  return workflow({
    name: 'sequence',
    execute: async (_ctx, _input: null) => {
      const results: string[] = []
      for (const name of names) results.push(await calls.step(name))
      return results
    },
  })
}
