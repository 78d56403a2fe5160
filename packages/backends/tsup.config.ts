import { defineConfig } from 'tsup'
import { preset } from '../../tsup.preset.ts'

// Two entries: the conformance cases are large, and only diagnosis needs them.
export default defineConfig({ ...preset, entry: ['src/index.ts', 'src/conformance.ts'] })
