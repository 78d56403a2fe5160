// Where things are: the root, the packages and the examples. Plain Node, also before anything is installed.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository's root folder, absolute. */
export const root = fileURLToPath(new URL('..', import.meta.url))

/** @param {string} file absolute path */
export const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'))

/** @param {string} parent folder below the root; those of its folders that hold a package.json, relative to the root */
const foldersWithManifest = (parent) =>
  existsSync(join(root, parent))
    ? readdirSync(join(root, parent))
        .map((name) => `${parent}/${name}`)
        .filter((folder) => existsSync(join(root, folder, 'package.json')))
    : []

/** Folders of the published packages, such as `packages/core`. */
export const packageFolders = () => foldersWithManifest('packages')

/** Folders of everything in the workspace: packages and examples. */
export const projectFolders = () => [...packageFolders(), ...foldersWithManifest('examples')]

/**
 * Prints what a check found and ends the process with the matching status.
 *
 * @param {string} subject what was checked, for the line that reports success
 * @param {readonly string[]} problems one line each
 */
export function report(subject, problems) {
  for (const problem of problems) console.error(problem)
  console.log(problems.length === 0 ? `${subject}: fine` : `${subject}: ${problems.length} to mend`)
  process.exitCode = problems.length === 0 ? 0 : 1
}
