import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import ts from 'typescript'
import { projectFolders, readJson, root } from '../workspace.mjs'
import { codeBlocks, readText } from './markdown.mjs'

const languages = ['ts', 'typescript', 'js', 'javascript', 'mjs']

/** @param {string} code */
const parse = (code) => ts.createSourceFile('code.ts', code, ts.ScriptTarget.Latest, true)

/** @param {ts.Statement} statement */
const isExported = (statement) =>
  ts.canHaveModifiers(statement) &&
  ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true

/**
 * @param {string} barrel relative to the root
 * @returns {string[]} the names that it exports, those of other barrels that it takes over included
 */
export const exportedNames = (barrel) =>
  parse(readText(barrel)).statements.flatMap((statement) => namesOf(statement, barrel))

/**
 * @param {ts.Statement} statement
 * @param {string} barrel that it stands in
 * @returns {string[]} the names that it exports
 */
function namesOf(statement, barrel) {
  if (ts.isExportDeclaration(statement) && !statement.exportClause && statement.moduleSpecifier)
    return exportedNames(join(dirname(barrel), /** @type {ts.StringLiteral} */ (statement.moduleSpecifier).text))
  if (ts.isExportDeclaration(statement) && statement.exportClause && ts.isNamedExports(statement.exportClause))
    return statement.exportClause.elements.map(({ name }) => name.text)
  if (!isExported(statement)) return []
  if (ts.isVariableStatement(statement)) return statement.declarationList.declarations.map(({ name }) => name.getText())
  return 'name' in statement && statement.name ? [/** @type {ts.Identifier} */ (statement.name).text] : []
}

/**
 * @param {string} folder of a package
 * @returns {[string, Set<string>][]} for each entry of the package the names that its source barrel exports
 */
function entriesOf(folder) {
  const { name, exports = {} } = readJson(join(root, folder, 'package.json'))
  return Object.entries(/** @type {Record<string, { '@gpdjs/source'?: string }>} */ (exports)).flatMap(
    ([path, target]) => {
      const barrel = target['@gpdjs/source'] && join(folder, target['@gpdjs/source'])
      if (!barrel || !existsSync(join(root, barrel))) return []
      return [[path.replace('.', name), new Set(exportedNames(barrel))]]
    },
  )
}

/** The public names of every package and example, by what is imported: `@gpdjs/data/node` → names. */
export const publicNames = new Map(projectFolders().flatMap(entriesOf))

/**
 * @param {ts.Statement} statement
 * @returns {string[]} what is wrong with an import from one of our packages
 */
function importProblems(statement) {
  if (!ts.isImportDeclaration(statement)) return []
  const from = /** @type {ts.StringLiteral} */ (statement.moduleSpecifier).text
  if (!from.startsWith('@gpdjs/')) return []
  const known = publicNames.get(from)
  if (known === undefined) return [`there is no package ${from}`]
  const { importClause } = statement
  if (importClause?.name) return [`${from} has no default export`]
  const bindings = importClause?.namedBindings
  if (bindings === undefined || !ts.isNamedImports(bindings)) return []
  return bindings.elements
    .map(({ name, propertyName }) => (propertyName ?? name).text)
    .filter((name) => !known.has(name))
    .map((name) => `${from} does not export ${name}`)
}

/** @param {string} code syntax errors, in words */
const syntaxProblems = (code) =>
  (ts.transpileModule(code, { reportDiagnostics: true, fileName: 'code.ts' }).diagnostics ?? []).map(
    ({ messageText, start = 0 }) =>
      `${ts.flattenDiagnosticMessageText(messageText, ' ')} (at its line ${code.slice(0, start).split('\n').length})`,
  )

/**
 * Code in a page that cannot work: it does not parse, or imports what our packages do not export.
 *
 * @param {string} file relative to the root
 * @returns {string[]} one line per problem
 */
export const snippetProblems = (file) =>
  codeBlocks(readText(file))
    .filter(({ language }) => languages.includes(language))
    .flatMap(({ code, line }) =>
      [...syntaxProblems(code), ...parse(code).statements.flatMap(importProblems)].map(
        (problem) => `${file}:${line}: ${problem}.`,
      ),
    )
