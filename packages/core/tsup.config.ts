import { defineConfig } from 'tsup'
import { preset } from '../../tsup.preset.ts'

// Two entries: errors need no TensorFlow.js.
export default defineConfig({ ...preset, entry: ['src/index.ts', 'src/errors.ts'] })
