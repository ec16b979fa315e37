/** Prints, as JSON, what importing the package loads, and what steps allocate. In a process of its own: nothing else does. */
import { builtinModules, registerHooks } from 'node:module'
import { GCProfiler } from 'node:v8'

/** Built-in modules that are loaded, public or not. */
const loaded = (): readonly string[] =>
  (process as unknown as { readonly moduleLoadList: readonly string[] }).moduleLoadList

const before = new Set(loaded())
const files = new Set<string>()
const hooks = registerHooks({
  load(url, context, next) {
    if (url.startsWith('file:')) files.add(url)
    return next(url, context)
  },
})
const { createEngine, memoryStore, parallel, step, workflow } = await import('ai-workflows')
hooks.deregister()
const modules = loaded()
  .filter((name) => !before.has(name) && name.startsWith('NativeModule '))
  .map((name) => name.slice('NativeModule '.length))
  .filter((name) => builtinModules.includes(name))

/** Of V8's own heap: in use now, and what collections have freed meanwhile. */
async function allocated(work: () => Promise<unknown>): Promise<number> {
  const profiler = new GCProfiler()
  profiler.start()
  const begin = process.memoryUsage().heapUsed
  await work()
  const end = process.memoryUsage().heapUsed
  const freed = profiler
    .stop()
    .statistics.reduce(
      (sum, { beforeGC, afterGC }) =>
        sum + beforeGC.heapStatistics.usedHeapSize - afterGC.heapStatistics.usedHeapSize,
      0,
    )
  return end - begin + freed
}

const STEPS = 20_000

async function each(work: () => Promise<unknown>): Promise<number> {
  await work() // compiled, and its tables made
  return Math.round((await allocated(work)) / STEPS)
}

const all = async (): Promise<number> => {
  const steps = Array.from({ length: STEPS }, (_, n) => step(`step-${n}`, () => n))
  return (await parallel(steps, { concurrency: 100 })).length
}
const group = workflow({ name: 'group', execute: all })
const sequence = workflow({
  name: 'sequence',
  execute: async () => {
    for (let n = 0; n < STEPS; n++) await step(`step-${n}`, () => n)
  },
})

const engine = createEngine({ store: memoryStore() })
const bytes = {
  outside: await each(all),
  group: await each(() => group.run(undefined, { engine })),
  sequence: await each(() => sequence.run(undefined, { engine })),
}
await engine.stop()
console.log(JSON.stringify({ modules, files: files.size, bytes }))
