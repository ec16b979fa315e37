import fc from 'fast-check'
import { it } from 'vitest'
import { program } from './program.ts'
import { simulate, codec } from './simulate.ts'
import { RandomDirector } from '../../src/testing/virtual/random-director.ts'
it('stats', { timeout: 0 }, async () => {
  const kinds: Record<string, number> = {}
  const lens: number[] = [], traces: number[] = []
  const outcomes: Record<string, number> = {}
  const text: Record<string, number> = {}
  const choices = fc.array(fc.nat(0xffff), { maxLength: 80, size: 'max' })
  await fc.assert(fc.asyncProperty(program, choices, async (p, c) => {
    let i = 0
    const live = await simulate({ program: p, director: () => new RandomDirector({ choose: (n) => (c[i++] ?? 0) % n, cancellation: codec.encodeError(new Error('x')) }) })
    lens.push(live.record.completions.length); traces.push(live.trace.length)
    for (const k of new Set(live.record.completions.map(({ kind, key }) => kind + (/![a-z]+/.exec(key)?.[0] ?? '')))) kinds[k] = (kinds[k] ?? 0) + 1
    const o = JSON.parse(live.outcome).status; outcomes[o] = (outcomes[o] ?? 0) + 1
    const all = live.trace.join('\n')
    for (const t of ['sibling-failed', 'race-lost', 'run-cancelled', 'timeout', 'aborted', 'AggregateError', '"progress"', 'helper', 'branch begins', 'branch aborted', '"fulfilled"', 'StepError', 'ChildError', '#2', 'unshared', 'winner']) if (all.includes(t)) text[t] = (text[t] ?? 0) + 1
  }), { numRuns: 2000 })
  const q = (a: number[]) => { a.sort((x, y) => x - y); return [0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1].map((f) => a[Math.min(a.length - 1, Math.floor(f * a.length))]) }
  console.log('journal', q(lens), 'trace', q(traces), kinds, outcomes, text)
})
