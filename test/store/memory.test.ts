import { describe, expect, it } from 'vitest'
import { memoryStore } from '../../src/store/memory/index.ts'
import { storeCases } from '../../src/testing/store-suite.ts'

describe('memory store', () => {
  it.for(storeCases)('$name', async ({ run }) => {
    const store = memoryStore()
    await expect(run(async () => ({ store, dispose: () => store.close() }))).resolves.toBeUndefined()
  })
})
