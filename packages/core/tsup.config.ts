import { defineConfig } from 'tsup'
import { preset } from '../../tsup.preset.ts'

// The two small entries need no TensorFlow.js.
export default defineConfig({ ...preset, entry: ['src/index.ts', 'src/errors.ts', 'src/tfjs-version.ts'] })
