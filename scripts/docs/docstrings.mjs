// The examples of docstrings as blocks of code: what they name is imported, as an editor would do it.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import ts from 'typescript'
import { packageFolders, root } from '../workspace.mjs'
import { GIVEN, GIVEN_IN_DOCSTRINGS } from './given.mjs'
import { readText } from './markdown.mjs'
import { exportedNames, publicNames } from './snippets.mjs'

/** @param {string} text */
const parse = (text) => ts.createSourceFile('code.ts', text, ts.ScriptTarget.Latest, true)

/** @param {ts.Node} node @param {(node: ts.Node) => void} visit every node, parents first */
function walk(node, visit) {
  visit(node)
  ts.forEachChild(node, (child) => walk(child, visit))
}

/** @param {string} code names that it uses, and those that it declares itself */
function namesIn(code) {
  const [used, own] = [new Set(), new Set()]
  walk(parse(code), (node) => {
    if (!ts.isIdentifier(node)) return
    const { parent } = node
    const isProperty =
      (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
      (ts.isPropertyAssignment(parent) && parent.name === node) ||
      (ts.isBindingElement(parent) && parent.propertyName === node)
    const isDeclared =
      (ts.isVariableDeclaration(parent) || ts.isParameter(parent) || ts.isBindingElement(parent)) &&
      parent.name === node
    if (isDeclared || ts.isImportSpecifier(parent) || ts.isImportClause(parent)) own.add(node.text)
    else if (!isProperty) used.add(node.text)
  })
  return [...used].filter((name) => !own.has(name))
}

/**
 * What stands for the imports: names of the file itself, of its package, then of others, then what `given.mjs` has.
 *
 * @param {string} file that the docstring is in
 * @param {string} code
 */
function preludeOf(file, code) {
  const folder = file.split('/')[1] ?? ''
  const [own, ownPackage, special] = [exportedNames(file), `@gpdjs/${folder}`, GIVEN_IN_DOCSTRINGS[folder] ?? {}]
  const given = { ...GIVEN, ...special }
  const entries = [...publicNames].sort(
    ([a], [b]) => Number(b.startsWith(ownPackage)) - Number(a.startsWith(ownPackage)),
  )
  const lines = namesIn(code).flatMap((name) => {
    if (name === 'tf') return ["import * as tf from '@tensorflow/tfjs'"]
    if (own.includes(name)) return [`import { ${name} } from '${join(root, file)}'`]
    const entry = entries.find(([from, names]) => names.has(name) && !from.startsWith('@gpdjs/example'))
    if (entry && !(name in special)) return [`import { ${name} } from '${entry[0]}'`]
    return name in given ? [`declare const ${name}: ${given[name]}`] : []
  })
  return lines.join('\n')
}

/** @param {string} file @returns {{ file: string, line: number, info: string, code: string }[]} */
function examplesIn(file) {
  const source = parse(readText(file))
  /** @type {Map<number, { file: string, line: number, info: string, code: string }>} */
  const found = new Map()
  walk(source, (node) => {
    for (const tag of ts.getJSDocTags(node)) {
      if (tag.tagName.text !== 'example') continue
      const code = ts.getTextOfJSDocComment(tag.comment) ?? ''
      const line = source.getLineAndCharacterOfPosition(tag.pos).line
      found.set(tag.pos, { file, line, info: '', code: `${code}\n${preludeOf(file, code)}` })
    }
  })
  return [...found.values()]
}

/** Every `@example` of the packages' sources. */
export const docstringBlocks = () =>
  execFileSync(
    'git',
    ['ls-files', '-co', '--exclude-standard', ...packageFolders().map((folder) => `${folder}/src/**.ts`)],
    {
      cwd: root,
      encoding: 'utf8',
    },
  )
    .split('\n')
    .filter((file) => file !== '' && !file.endsWith('.test.ts'))
    .flatMap(examplesIn)
