import { defineConfig } from 'vitest/config'

/** How every package is tested: its sources, and those of the packages it uses, without a build. */
export default defineConfig({
  ssr: { resolve: { conditions: ['@gpdjs/source'] } },
  test: { include: ['src/**/*.test.ts'], testTimeout: 60_000 },
})
