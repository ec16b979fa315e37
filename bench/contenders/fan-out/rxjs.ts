import type { FanOutContender } from '../../contender.ts'

export const contender: FanOutContender = {
  name: 'rxjs mergeMap',
  kind: 'peer',
  package: 'rxjs',
  load: async () => {
    const { lastValueFrom, mergeMap, range, reduce } = await import('rxjs')
    // mergeMap does not keep the order: the index travels with the result.
    return (tasks, task, concurrency) =>
      lastValueFrom(
        range(0, tasks).pipe(
          mergeMap(async (index) => ({ index, value: await task(index) }), concurrency),
          reduce((results: number[], { index, value }) => {
            results[index] = value
            return results
          }, []),
        ),
      )
  },
}
