import { defineConfig } from 'tsup'
import { preset } from '../../tsup.preset.ts'

// Three entries: the conformance cases are large, and only diagnosis needs them; errors need no TensorFlow.js.
export default defineConfig({ ...preset, entry: ['src/index.ts', 'src/conformance.ts', 'src/errors.ts'] })
