import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

const ENGINE = `// The application's TensorFlow.js: load.cjs puts it here before anything asks for it.
exports.tf = undefined
`

const LOAD = `'use strict'
const engine = require('./engine.cjs')
const link = require('./link.json')

Object.defineProperty(exports, 'version', {
  enumerable: true,
  get: () =>
    \`TensorFlow \${link.tensorflow.version} through tfjs-node \${link.tfjsNode}\` +
    (exports.operations === undefined ? ', without the faster operations' : ''),
})
exports.binding = link.tfjsNode
/** Version of the interface of the project's own operations, once they are registered. */
exports.operations = undefined

/** Registers the backend 'tensorflow' in the TensorFlow.js that it is given. */
exports.register = (tf) => {
  if (engine.tf !== undefined) {
    if (engine.tf.engine() === tf.engine()) return
    throw new Error('it already serves another copy of @tensorflow/tfjs in this process')
  }
  engine.tf = tf
  // TensorFlow greets on stderr otherwise; set the variable to 0 to see it.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '1'
  // TensorFlow turns them on by itself on some processors only; without them convolutions take twice the time.
  process.env.TF_ENABLE_ONEDNN_OPTS ??= '1'
  // Keeps the compiled convolutions of batches above 32 too, instead of compiling them again at every call.
  process.env.TF_MKL_OPTIMIZE_PRIMITIVE_MEMUSE ??= 'false'
  // They are built for one processor, and would crash on another.
  const own = link.operations?.processor === (require('node:os').cpus()[0]?.model ?? '')
  // The libraries load with the first of the addons, and greet in spite of the variable above.
  const quietly = own && process.env.TF_CPP_MIN_LOG_LEVEL !== '0' ? require('./gpd_quiet.node').quietly : (load) => load()
  const binding = quietly(() => {
    if (own) exports.operations = require('./gpd_operations.node').version
    return require('./tfjs_binding.node')
  })
  require('./tfjs-node/dist/register_all_kernels')
  const { NodeJSKernelBackend } = require('./tfjs-node/dist/nodejs_kernel_backend')
  tf.registerBackend('tensorflow', () => new NodeJSKernelBackend(binding, link.gpu ? '@tensorflow/tfjs-node-gpu' : '@tensorflow/tfjs-node'), 3)
}
`

/**
 * Files of a link, by path. The two packages that tfjs-node requires are the application's TensorFlow.js under other
 * names, so that there is one engine and tensors of one are tensors of the other.
 */
const FILES: Readonly<Record<string, string>> = {
  'load.cjs': LOAD,
  'engine.cjs': ENGINE,
  'node_modules/@tensorflow/tfjs/index.js': `module.exports = require('../../../engine.cjs').tf\n`,
  'node_modules/@tensorflow/tfjs-core/index.js': `module.exports = require('../../../engine.cjs').tf\n`,
  // Needed by TensorBoard summaries alone, and it would need google-protobuf.
  'tfjs-node/dist/proto/api_pb.js': 'module.exports = {}\n',
}

/** Writes what makes a built binding loadable. */
export async function writeLoaderFiles(folder: string): Promise<void> {
  for (const [path, text] of Object.entries(FILES)) {
    const file = join(folder, path)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text)
  }
}
