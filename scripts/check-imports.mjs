// Which file imports which, types included: no circle of files anywhere, none of folders in a package, and the floors of
// `core` in their order.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import ts from 'typescript'
import { report, root } from './workspace.mjs'

/** Rooms of `packages/core/src`, the lowest floor first: a file imports from its own floor and those below. */
const FLOORS = [
  ['errors', 'suggest', 'options', 'name-pattern', 'random', 'tfjs-version', 'shape', 'fields'],
  ['axes'],
  ['tensor-ops'],
  ['ops'],
  ['network'],
]

const isTest = /\.(test|cases|runner)\.ts$|\/(testing|laws|parity|fixtures|faults)\/|\/testing\.ts$/
const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.ts', '*.mjs'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => /^(packages\/[^/]+\/src|examples|benchmarks|scripts)\//.test(file) && existsSync(join(root, file)))
const known = new Set(files)

/** @param {string} file @returns {string[]} the files that it imports by a relative path, however */
function importsOf(file) {
  const { importedFiles } = ts.preProcessFile(readFileSync(join(root, file), 'utf8'), true, true)
  return importedFiles
    .filter(({ fileName }) => fileName.startsWith('.'))
    .map(({ fileName }) => posix.join(posix.dirname(file), fileName))
    .filter((target) => known.has(target))
}

/** @type {Map<string, string[]>} */
const imports = new Map(files.map((file) => [file, importsOf(file)]))

/**
 * @param {ReadonlyMap<string, readonly string[]>} graph
 * @returns {string[][]} for each circle that a walk through the graph finds, the nodes on it
 */
function circles(graph) {
  /** @type {Set<string>} */
  const done = new Set()
  /** @type {string[][]} */
  const found = []
  /** @param {string} node @param {readonly string[]} path that led here */
  const visit = (node, path) => {
    if (path.includes(node)) return void found.push([...path.slice(path.indexOf(node)), node])
    if (done.has(node)) return
    for (const next of graph.get(node) ?? []) visit(next, [...path, node])
    done.add(node)
  }
  for (const node of graph.keys()) visit(node, [])
  return found
}

/** @param {string} file @returns {string} the folder or file of `src` that it is in: `packages/core/src/ops` */
const roomOf = (file) => /^packages\/[^/]+\/src\/[^/]+/.exec(file)?.[0] ?? file

/** What ships, without the barrels, which stand above everything. @type {[string, string][]} */
const edges = [...imports]
  .filter(([file]) => file.startsWith('packages/') && !isTest.test(file) && !/\/src\/[^/]*index\.ts$/.test(file))
  .flatMap(([file, targets]) => targets.map((target) => /** @type {[string, string]} */ ([file, target])))

/** @type {Map<string, string[]>} */
const rooms = new Map()
for (const [file, target] of edges) {
  const [from, to] = [roomOf(file), roomOf(target)]
  const before = rooms.get(from) ?? []
  if (from !== to && !before.includes(to)) rooms.set(from, [...before, to])
}
/** Circles of files alone are found among the files. */
const ofFolders = circles(rooms).filter((circle) => circle.some((room) => !room.endsWith('.ts')))

/** @param {string} file its floor, or the one above all that have a name */
const floorOf = (file) => {
  const name = roomOf(file).replace(/.*\//, '').replace(/\.ts$/, '')
  const at = FLOORS.findIndex((floor) => floor.includes(name))
  return at === -1 ? FLOORS.length : at
}
const upwards = edges.filter(([file, target]) => file.startsWith('packages/core/') && floorOf(target) > floorOf(file))

report(`Imports of ${files.length} files`, [
  ...circles(imports).map((circle) => `Files import in a circle: ${circle.join(' → ')}.`),
  ...ofFolders.map((circle) => `Folders import in a circle: ${circle.join(' → ')}.`),
  ...upwards.map(([file, target]) => `${file} imports ${target}, which is on a floor above.`),
])
