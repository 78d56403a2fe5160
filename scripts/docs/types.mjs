// Code in the pages as TypeScript of a user's own: every block is a file by itself, checked strictly.
import { join, relative } from 'node:path'
import ts from 'typescript'
import { projectFolders, readJson, root } from '../workspace.mjs'
import { given } from './given.mjs'
import { codeBlocks, readText } from './markdown.mjs'

const languages = ['ts', 'typescript', 'js', 'javascript', 'mjs']

/** What strict projects use with a bundler; only the files of blocks are checked. */
const STRICT = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noImplicitOverride: true,
  noFallthroughCasesInSwitch: true,
  isolatedModules: true,
  verbatimModuleSyntax: true,
  noEmit: true,
  allowImportingTsExtensions: true,
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
  types: ['node', 'vite/client'],
}

/** Where the files of blocks would lie: beside what `./index.ts` is in docs/extending.md. */
const folder = join(root, 'examples/extending/src')

/** What an import reads: the sources, or the declarations that are published. */
const TARGETS = {
  sources: (/** @type {any} */ target) => target['@gpdjs/source'],
  declarations: (/** @type {any} */ target) => target.import?.types ?? target['@gpdjs/source'],
}

/** @typedef {keyof typeof TARGETS} Against */

/** @param {Against} against @returns {Record<string, string[]>} `@gpdjs/data/node` → the file of that entry */
const entries = (against) =>
  Object.fromEntries(
    projectFolders().flatMap((project) => {
      const { name, exports = {} } = readJson(join(root, project, 'package.json'))
      return Object.entries(/** @type {Record<string, any>} */ (exports))
        .filter(([, target]) => TARGETS[against](target) !== undefined)
        .map(([path, target]) => [path.replace('.', name), [join(root, project, TARGETS[against](target))]])
    }),
  )

/**
 * @param {ReadonlyMap<string, string>} files that are only in memory, by their path
 * @param {Against} against
 * @returns {ts.Program}
 */
function programOf(files, against) {
  /** @type {ts.CompilerOptions} */
  const options = { ...STRICT, paths: entries(against), skipLibCheck: against === 'sources' }
  const host = ts.createCompilerHost(options)
  const { fileExists, readFile, getSourceFile } = host
  return ts.createProgram([...files.keys()], options, {
    ...host,
    fileExists: (name) => files.has(name) || fileExists(name),
    readFile: (name) => files.get(name) ?? readFile(name),
    getSourceFile(name, target, ...rest) {
      const text = files.get(name)
      return text === undefined ? getSourceFile(name, target, ...rest) : ts.createSourceFile(name, text, target)
    },
  })
}

/** @param {ts.Diagnostic} diagnostic @param {number} above lines above the file's first one */
const described = ({ file, messageText, start = 0 }, above = 0) =>
  `${above + (file?.getLineAndCharacterOfPosition(start).line ?? 0) + 1}: ` +
  ts.flattenDiagnosticMessageText(messageText, ' ').replace(/\s+/g, ' ')

/** @param {ts.Program} program what is wrong in declarations of ours, which users with `skipLibCheck: false` see */
const declarationProblems = (program) =>
  program
    .getSourceFiles()
    .filter(({ fileName }) => /\/packages\/[\w-]+\/dist\//.test(fileName))
    .flatMap((source) =>
      [...program.getSemanticDiagnostics(source)].map(
        (diagnostic) => `${relative(root, source.fileName)}:${described(diagnostic)}`,
      ),
    )

/**
 * Code in pages that a strict compiler refuses.
 *
 * @param {readonly { file: string, line: number, info: string, code: string }[]} blocks `line` is the one before the code
 * @param {Against} [against] `declarations` are checked themselves, too
 * @returns {string[]} one line per problem
 */
export function strictProblems(blocks, against = 'sources') {
  const files = new Map(
    blocks.map(({ code, info }, i) => [
      join(folder, `block-${i}.ts`),
      `${code}\nexport {}\n${given(info).declarations}`,
    ]),
  )
  const program = programOf(files, against)
  const inBlocks = blocks.flatMap(({ file, line, info }, i) => {
    const source = program.getSourceFile(join(folder, `block-${i}.ts`))
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)]
    return [
      ...given(info).unknown.map((name) => `${file}:${line}: given: '${name}' is not in scripts/docs/given.mjs.`),
      ...found.map((diagnostic) => `${file}:${described(diagnostic, line)}`),
    ]
  })
  return [...inBlocks, ...declarationProblems(program)]
}

/** @param {string} file a page, relative to the root @returns its blocks of code that are checked */
export const programBlocks = (file) =>
  codeBlocks(readText(file))
    .filter(({ language }) => languages.includes(language))
    .map((block) => ({ ...block, file }))
