// Split the work, do the parts in parallel, put the results together.
import { parallel, step, workflow } from 'ai-workflows'

function splitIntoChunks(words: readonly string[], size: number): string[][] {
  return Array.from({ length: Math.ceil(words.length / size) }, (_, n) =>
    words.slice(n * size, (n + 1) * size),
  )
}

const countLetters = workflow({
  name: 'count-letters',
  execute: async (_ctx, words: readonly string[]) => {
    const chunks = splitIntoChunks(words, 2)
    const counts = await parallel(
      chunks.map((chunk, i) => step(`count-chunk-${i}`, () => chunk.join('').length)),
      { concurrency: 5 },
    )
    return await step('combine', () => counts.reduce((sum, count) => sum + count, 0))
  },
})

console.log(`${await countLetters.run(['one', 'two', 'three', 'four', 'five'])} letters`)
