import { createRequire } from 'node:module'
import { dirname } from 'node:path'

const require = createRequire(import.meta.url)

/** The folder of an installed package. Its files are read as data; none of its code is run. */
export const packageFolder = (name: string): string => dirname(require.resolve(`${name}/package.json`))
