// What would be published: packs every built package and looks inside, loads it both ways, bundles all for a browser, and
// compiles the code of the pages against the declarations.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { bundleProblems } from './browser-bundle.mjs'
import { markdownFiles } from './docs/markdown.mjs'
import { programBlocks, strictProblems } from './docs/types.mjs'
import { readTarball } from './tarball.mjs'
import { packageFolders, report, root } from './workspace.mjs'

const mayContain =
  /^package\/(package\.json|README\.md|LICENSE|dist\/.+\.(js|cjs|d\.ts|d\.cts|map)|native\/.+\.(cc|h))$/
const mustContain = ['package.json', 'README.md', 'LICENSE', 'dist/index.js', 'dist/index.cjs', 'dist/index.d.ts']
const installScripts = ['preinstall', 'install', 'postinstall', 'preprepare', 'prepare', 'postprepare']
/** References that mean something inside this workspace only. */
const workspaceOnly = /"(workspace|catalog|link|file):/

/**
 * @param {string} folder of the package
 * @returns {Map<string, Buffer>} the files of its tarball, by their path in it
 */
function pack(folder) {
  const to = mkdtempSync(join(tmpdir(), 'gpd-pack-'))
  try {
    const pnpm = join(root, 'node_modules/pnpm/bin/pnpm.cjs')
    execFileSync(process.execPath, [pnpm, 'pack', '--pack-destination', to], { cwd: join(root, folder) })
    const [name = ''] = readdirSync(to)
    return readTarball(readFileSync(join(to, name)))
  } finally {
    rmSync(to, { recursive: true })
  }
}

const built = pathToFileURL(join(root, 'packages/core/dist/tfjs-version.js')).href
/** @type {{ TFJS_VERSION: string }} */
const { TFJS_VERSION } = await import(built)

/** @param {Map<string, Buffer>} files */
function contentProblems(files) {
  const manifest = files.get('package/package.json')?.toString() ?? '{}'
  const { scripts = {}, peerDependencies = {} } = JSON.parse(manifest)
  const maps = [...files].filter(([name]) => name.endsWith('.map'))
  return [
    ...[...files.keys()].filter((name) => !mayContain.test(name)).map((name) => `${name} must not be published`),
    ...mustContain.filter((name) => !files.has(`package/${name}`)).map((name) => `${name} is missing`),
    ...installScripts.filter((name) => name in scripts).map((name) => `the script "${name}" would run on installation`),
    ...(workspaceOnly.test(manifest) ? ['package.json refers to the workspace'] : []),
    ...Object.entries(peerDependencies)
      .filter(([name, range]) => name.startsWith('@tensorflow/') && range !== TFJS_VERSION)
      .map(([name, range]) => `expected the peer ${name} ${TFJS_VERSION}, which the code accepts, found ${range}`),
    // What tsup adds for import.meta in CommonJS is ours, not a dependency.
    ...maps
      .filter(([, content]) =>
        JSON.parse(content.toString()).sources.some(
          (/** @type {string} */ path) => path.includes('node_modules/') && !path.includes('/tsup/assets/'),
        ),
      )
      .map(([name]) => `${name} shows a bundled dependency. Declare it in dependencies or peerDependencies`),
  ]
}

/** Prints the names that the built package exports to `import` and to `require`; they must be the same. */
const load = `
const viaRequire = Object.keys(require('./dist/index.cjs')).sort().join()
import('./dist/index.js').then((module) => {
  const viaImport = Object.keys(module).sort().join()
  if (viaImport !== viaRequire) throw new Error('import gives ' + viaImport + ', require gives ' + viaRequire)
})`

/** @param {string} folder */
function loadProblems(folder) {
  try {
    execFileSync(process.execPath, ['--input-type=commonjs', '--eval', load], {
      cwd: join(root, folder),
      stdio: 'pipe',
    })
    return []
  } catch (error) {
    const [reason = 'it fails'] = String(/** @type {any} */ (error).stderr).match(/^\w*Error.*$/m) ?? []
    return [`it cannot be loaded: ${reason}`]
  }
}

const folders = packageFolders()
const packed = folders.map((folder) => ({ folder, files: pack(folder) }))
report(`Contents of ${folders.length} packages`, [
  ...packed.flatMap(({ folder, files }) =>
    [...contentProblems(files), ...loadProblems(folder)].map((problem) => `${folder}: ${problem}.`),
  ),
  ...(await bundleProblems(packed.map(({ files }) => files))),
  ...strictProblems(markdownFiles().flatMap(programBlocks), 'declarations'),
])
