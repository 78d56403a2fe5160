import { defineConfig } from 'tsup'
import { preset } from '../../tsup.preset.ts'

// The program is an ES module only: it waits at its top level. `shims` gives the library's CommonJS its `import.meta.url`.
export default defineConfig([
  { ...preset, shims: true },
  { ...preset, entry: ['src/main.ts'], format: ['esm'], dts: false, clean: false },
])
