/**
 * What a branch that has not begun costs in memory: `pending.ts [--host outside,memory] [--branches functions,iterable,steps]
 * [--counts 1000,10000]`. A group of that many, one at once, whose first branch looks at the heap after a full collection,
 * against the heap just before the group was made. The user's own functions are there before, and not counted; what an
 * iterable gives is. Prints one JSON line `{ series, x, value, unit }` for each figure.
 */
import { parseArgs } from 'node:util'
import {
  type BranchContext,
  type BranchInput,
  CancelledError,
  createEngine,
  memoryStore,
  parallel,
  step,
  workflow,
} from 'ai-workflows'
import { heapBytes } from '../usage.ts'
import { print } from './print.ts'

const { values } = parseArgs({
  options: {
    host: { type: 'string', default: 'outside,memory' },
    branches: { type: 'string', default: 'functions,iterable,steps' },
    counts: { type: 'string', default: '1000,10000,100000' },
  },
})

/** Bytes for each of `count` branches, all but one of them pending. */
async function pending(branches: string, count: number): Promise<number> {
  let begun: () => void = () => undefined
  const first = new Promise<void>((resolve) => (begun = resolve))
  const stop = new AbortController()
  const branch =
    (n: number) =>
    async ({ signal }: BranchContext): Promise<number> => {
      begun()
      await new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error))
      })
      return n
    }
  function* all(): Generator<BranchInput> {
    for (let n = 0; n < count; n++) yield branch(n)
  }
  const functions = branches === 'functions' ? [...all()] : []
  await parallel([() => first, () => begun()]) // what is made once is made
  const firstBranch = new Promise<void>((resolve) => (begun = resolve))
  const before = heapBytes()
  const inputs: Iterable<BranchInput> =
    branches === 'functions'
      ? functions
      : branches === 'iterable'
        ? all()
        : Array.from({ length: count }, (_, n) => step(`step-${n}`, branch(n)))
  const whole = parallel(inputs as BranchInput[], { concurrency: 1, signal: stop.signal })
  const ended = whole.then(
    () => 'it completed',
    (error: unknown) => error,
  )
  const early = await Promise.race([firstBranch, ended])
  if (early !== undefined) throw new Error('the group ended before its first branch began', { cause: early })
  const bytes = (heapBytes() - before) / count
  stop.abort()
  if (!((await ended) instanceof CancelledError) || (branches === 'functions' && functions.length !== count))
    throw new Error('the group was not pending while it was looked at')
  return bytes
}

const engine = createEngine({ store: memoryStore() })
const inside = workflow({
  name: 'pending',
  execute: (_ctx, { branches, count }: { branches: string; count: number }) => pending(branches, count),
})

for (const host of values.host.split(','))
  for (const branches of values.branches.split(','))
    for (const count of values.counts.split(',').map(Number)) {
      const each =
        host === 'outside'
          ? await pending(branches, count)
          : await inside.run({ branches, count }, { engine })
      const series = `${host}, ${branches}: memory per pending branch`
      print(series, count, Math.round(each), 'B')
    }
await engine.stop()
