import { describe, expect, it } from 'vitest'
import { storeCases } from '../../src/testing/store-suite.ts'
import { temporaryStore } from './places.ts'

describe.each(['full', 'process-crash'] as const)('sqlite store, durability %s', (durability) => {
  it.for(storeCases)('$name', async ({ run }) => {
    await expect(run(() => temporaryStore({ durability }))).resolves.toBeUndefined()
  })
})
