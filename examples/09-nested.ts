// Groups in groups. A function branch may await several operations, one after the other.
import { parallel, step, workflow } from 'ai-workflows'

const report = workflow({
  name: 'report',
  execute: async () =>
    await parallel({
      texts: parallel([step('title', () => 'Tea'), step('subtitle', () => 'and cups')]),
      numbers: parallel([step('one', () => 1), step('two', () => 2), step('three', () => 3)], {
        concurrency: 2,
      }),
      chart: async () => {
        const data = await step('load', () => [3, 1, 2])
        return await step('draw', () => data.map((height) => '#'.repeat(height)))
      },
    }),
})

console.log(await report.run({}))
