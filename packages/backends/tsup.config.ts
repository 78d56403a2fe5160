import { defineConfig } from 'tsup'
import { preset } from '../../tsup.preset.ts'

// Four entries: the conformance cases are large, and only diagnosis needs them; `tensorflow` is for Node, and loaded when
// it is used; `native` gives the folder of links, without TensorFlow.js.
export default defineConfig({
  ...preset,
  entry: ['src/index.ts', 'src/conformance.ts', 'src/native.ts', 'src/tensorflow.ts'],
})
