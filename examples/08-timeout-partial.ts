// When the time is up: what is done so far, and undefined for the rest.
import { setTimeout as pause } from 'node:timers/promises'
import { parallel, step, workflow } from 'ai-workflows'

const search = workflow({
  name: 'search',
  execute: async (_ctx, word: string) => {
    const results = await parallel(
      {
        books: step('books', () => `${word}: a book`),
        archive: step('archive', async ({ signal }) => {
          await pause(60_000, undefined, { signal })
          return `${word}: an old letter`
        }),
      },
      { timeout: '500ms', timeoutValue: 'partial' },
    )
    return `${results.books ?? 'no answer from books'}; ${results.archive ?? 'no answer from the archive'}`
  },
})

console.log(await search.run('tea'))
