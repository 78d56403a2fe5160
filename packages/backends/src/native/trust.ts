import { lstatSync, readdirSync, realpathSync, type Stats } from 'node:fs'
import { dirname, join, sep } from 'node:path'

const WORLD = 0o002
const OTHERS = 0o022
const STICKY = 0o1000

/** The user of this process; Windows has no such number, and protects the folders of its users by itself. */
const user = (): number | undefined => process.getuid?.()

const isOwn = ({ uid }: Stats): boolean => uid === 0 || uid === user()

/** Why others could change what is at a path, or nothing if they cannot. */
function weakness(path: string, writable: number): string | undefined {
  const found = lstatSync(path)
  if (found.isSymbolicLink()) return `${path} is a symbolic link`
  if (!isOwn(found)) return `${path} belongs to the user ${found.uid}`
  // In a folder like /tmp nobody can rename or replace what belongs to another.
  const isShared = (found.mode & STICKY) !== 0 && writable === WORLD
  return (found.mode & writable) !== 0 && !isShared ? `others may write to ${path}` : undefined
}

function* parentsOf(path: string): Generator<string> {
  for (let at = dirname(path); ; at = dirname(at)) {
    yield at
    if (dirname(at) === at) return
  }
}

function* contentsOf(folder: string): Generator<string> {
  yield folder
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* contentsOf(path)
    else yield path
  }
}

function first<T>(paths: Iterable<string>, find: (path: string) => T | undefined): T | undefined {
  for (const path of paths) {
    const found = find(path)
    if (found !== undefined) return found
  }
  return undefined
}

/** Folders between `root` and a path inside it, both included. */
function between(root: string, path: string): string[] {
  const steps = path.slice(root.length).split(sep).filter(Boolean)
  return [root, ...steps.map((_, i) => join(root, ...steps.slice(0, i + 1)))]
}

/**
 * Why code in a folder must not be run: somebody else than this user and the system's own may have put it there, or may change
 * it. Everything in the folder and between it and `root` has to belong to one of the two, and nobody else may write there; above
 * `root` no stranger may be able to replace what is below.
 *
 * @param root of the cache
 * @param paths files and folders in it
 * @returns the end of a sentence, naming the path; nothing if it may be run, and on Windows
 */
export function distrust(root: string, paths: readonly string[]): string | undefined {
  if (user() === undefined) return undefined
  // Links above the cache, such as /tmp on a Mac, are the system's.
  const real = realpathSync(root)
  const inside = paths.map((path) => join(real, path.slice(root.length)))
  return (
    first(parentsOf(real), (path) => weakness(path, WORLD)) ??
    first(
      inside.flatMap((path) => between(real, path)),
      (path) => weakness(path, OTHERS),
    ) ??
    first(inside, (path) =>
      lstatSync(path).isDirectory() ? first(contentsOf(path), (each) => weakness(each, OTHERS)) : undefined,
    )
  )
}
