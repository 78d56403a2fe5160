// Whether a browser bundle of the published packages can be made with nothing else installed than what they require.
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { root } from './workspace.mjs'

const requireHere = createRequire(import.meta.url)
// The one that tsup brings. It has no stand-ins: neither for modules of Node nor for packages that are not there.
/** @type {{ build(options: object): Promise<{ outputFiles: { text: string }[] }> }} */
const esbuild = createRequire(requireHere.resolve('tsup'))('esbuild')

/** What needs Node is not for browsers: the command, entries that are called so, and what TensorFlow is used by. */
const forNode = /^@gpdjs\/cli|\/(node|native|tensorflow)$/

/** How kernels call compiled TensorFlow; a page has none, and must not load them. */
const callOfTensorflow = 'executeMultipleOutputs'

/**
 * @param {readonly { text: string }[]} bundle
 * @param {string} folder that the packages are installed in
 */
function tensorflowProblems(bundle, folder) {
  const isIn = (/** @type {string} */ text) => text.includes(callOfTensorflow)
  const kernels = readFileSync(join(folder, 'node_modules/@gpdjs/backends/dist/tensorflow.js'), 'utf8')
  if (!isIn(kernels)) return [`kernels of TensorFlow are not known by ${callOfTensorflow}: name another call of theirs`]
  return bundle.some(({ text }) => isIn(text)) ? ['the bundle for browsers: kernels of TensorFlow are in it'] : []
}

/**
 * @param {string} folder to install into
 * @param {readonly Map<string, Buffer>[]} packages the files of their tarballs
 * @returns {string[]} what a page can import of them
 */
function install(folder, packages) {
  return packages.flatMap((files) => {
    const { name, exports } = JSON.parse(files.get('package/package.json')?.toString() ?? '{}')
    for (const [path, content] of files) {
      const file = join(folder, 'node_modules', name, path.replace('package/', ''))
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, content)
    }
    const paths = Object.keys(exports).filter((path) => path !== './package.json')
    return paths.map((path) => path.replace('.', name)).filter((path) => !forNode.test(path))
  })
}

/**
 * @param {readonly Map<string, Buffer>[]} packages the files of their tarballs
 * @returns {Promise<string[]>} what keeps a bundler from bundling them
 */
export async function bundleProblems(packages) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'gpd-bundle-')))
  try {
    const entries = install(folder, packages)
    mkdirSync(join(folder, 'node_modules/@tensorflow'))
    symlinkSync(
      realpathSync(join(root, 'node_modules/@tensorflow/tfjs')),
      join(folder, 'node_modules/@tensorflow/tfjs'),
      'junction',
    )
    const contents = entries
      .map((entry, i) => `import * as entry${i} from '${entry}'; console.log(entry${i})`)
      .join('\n')
    const { outputFiles } = await esbuild.build({
      stdin: { contents, resolveDir: folder },
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'browser',
      logLevel: 'silent',
    })
    return tensorflowProblems(outputFiles, folder)
  } catch (error) {
    const { errors = [{ text: String(error) }] } = /** @type {{ errors?: { text: string }[] }} */ (error)
    return errors.map(({ text }) => `the bundle for browsers: ${text}`)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
