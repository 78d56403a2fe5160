import { builtinModules } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'vite'

const example = fileURLToPath(new URL('../..', import.meta.url))

/**
 * Where Vite would put an empty module in place of one of Node's, the build fails. Packages of others list
 * the modules that they can do without in their package.json (`browser`).
 */
const noNodeModules: Plugin = {
  name: 'no-node-modules',
  enforce: 'pre',
  resolveId(id, importer) {
    if (importer?.includes('node_modules')) return
    if (id.startsWith('node:') || builtinModules.includes(id)) throw new Error(`${importer} imports '${id}'`)
  },
}

/** Builds the example, and the page of the checks beside it, as `vite build` would. @returns what the bundler warned of */
export async function buildPages(outDir: string): Promise<readonly string[]> {
  const warnings: string[] = []
  await build({
    root: example,
    configFile: join(example, 'vite.config.ts'),
    logLevel: 'error',
    plugins: [noNodeModules],
    build: {
      outDir,
      emptyOutDir: true,
      rolldownOptions: {
        checks: { bundlerTimings: false }, // on a busy machine a build is slow
        onwarn: ({ message }) => void warnings.push(message),
        input: [join(example, 'index.html'), join(example, 'src/testing/checks.html')],
      },
    },
  })
  return warnings
}
