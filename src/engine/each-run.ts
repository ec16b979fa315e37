import { ENDED, type RunFilter, type RunRecord, type Store } from '../core/ports/store.ts'

const PAGE = 200

/** Every run that fits, newest first, read a page at a time. */
export async function* eachRun(from: Pick<Store, 'listRuns'>, filter: RunFilter): AsyncGenerator<RunRecord> {
  let before: number | undefined
  for (;;) {
    const page = await from.listRuns(filter, before === undefined ? { limit: PAGE } : { limit: PAGE, before })
    yield* page
    before = page.at(-1)?.no
    if (page.length < PAGE) return
  }
}

/** The children of a run that have not ended, blocked ones among them. */
export async function* openChildren(store: Store, parent: string): AsyncGenerator<RunRecord> {
  for await (const child of eachRun(store, { parent })) if (!ENDED.has(child.status)) yield child
}
