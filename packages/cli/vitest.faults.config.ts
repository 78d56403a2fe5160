import { defineConfig } from 'vitest/config'

/** Tests that break things: processes of the built command, one file at a time. `npm run test:faults`. */
export default defineConfig({
  ssr: { resolve: { conditions: ['@gpdjs/source'] } },
  test: { include: ['src/faults/**/*.faults.ts'], fileParallelism: false },
})
