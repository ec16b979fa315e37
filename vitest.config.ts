import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  resolve: {
    alias: [
      { find: /^ai-workflows$/, replacement: source('src/index.ts') },
      { find: /^ai-workflows\/testing$/, replacement: source('src/testing/index.ts') },
      { find: /^ai-workflows\/opentelemetry$/, replacement: source('src/telemetry/open-telemetry.ts') },
      { find: /^ai-workflows\/restate$/, replacement: source('src/restate/index.ts') },
      { find: /^ai-workflows\/server$/, replacement: source('src/server/index.ts') },
    ],
  },
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    typecheck: {
      enabled: true,
      include: ['src/**/*.test-d.ts', 'test/types/**/*.test-d.ts'],
      tsconfig: 'test/types/tsconfig.json',
    },
    pool: 'forks',
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
