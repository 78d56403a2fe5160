import { defineConfig } from 'tsup'
import { preset } from '../../tsup.preset.ts'

// Two entries: the library and the program. `shims` gives their CommonJS an `import.meta.url`.
export default defineConfig({ ...preset, entry: ['src/index.ts', 'src/main.ts'], shims: true })
