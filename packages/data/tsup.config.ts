import { defineConfig } from 'tsup'
import { preset } from '../../tsup.preset.ts'

// Two entries: the main one runs in browsers too, `node` reads and writes files.
export default defineConfig({ ...preset, entry: ['src/index.ts', 'src/node.ts'] })
