// A graph of tasks: each awaits those that it needs. An operation that several await runs once.
import { parallel, step, workflow } from 'ai-workflows'

const build = workflow({
  name: 'build',
  execute: async () => {
    const compile = step('compile', () => {
      console.log('compiling')
      return 'the program'
    })
    const translate = step('translate', () => ['en', 'no'])
    return await parallel({
      test: async () => `tested ${await compile}`,
      bundle: async () => {
        const [program, languages] = await parallel([compile, translate])
        return await step('bundle', () => `${program} in ${languages.join(' and ')}`)
      },
      document: async () => `documented in ${(await translate).length} languages`,
    })
  },
})

console.log(await build.run({}))
