import type { FanOut } from '../fan-out.ts'

/** The floor: as many loops as places, and nothing else. */
export const run: FanOut = async (tasks, task, concurrency) => {
  const results: number[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < tasks) {
      const index = next++
      results[index] = await task(index)
    }
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  return results
}
