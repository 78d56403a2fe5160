import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const SCHEMA = fileURLToPath(new URL('../config/schema.ts', import.meta.url))

const COMPILER: ts.CompilerOptions = {
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  target: ts.ScriptTarget.ES2022,
  strict: true,
  exactOptionalPropertyTypes: true,
  allowImportingTsExtensions: true,
  noEmit: true,
  skipLibCheck: true,
  types: ['node'],
  customConditions: ['@gpdjs/source'],
}

/** The objects among the alternatives of a type. */
function objectsOf(type: ts.Type): ts.Type[] {
  if (type.isUnion()) return type.types.flatMap(objectsOf)
  return type.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection) ? [type] : []
}

/** The comments above a key: several where alternatives have the key with different comments. */
export type CommentsOf = (path: string) => string[]

/** Reads the comments above options, for each exported type of the schema, the way an editor finds them. */
export function keyComments(): (type: 'ConfigInput' | 'StudyInput') => CommentsOf {
  const program = ts.createProgram([SCHEMA], COMPILER)
  const checker = program.getTypeChecker()
  const file = program.getSourceFile(SCHEMA)!
  const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(file)!)
  const members = (types: readonly ts.Type[], key: string): ts.Symbol[] =>
    types.flatMap((type) => checker.getPropertyOfType(type, key) ?? [])
  return (name) => {
    const root = checker.getDeclaredTypeOfSymbol(exported.find((symbol) => symbol.name === name)!)
    return (path) => {
      const keys = path.split('.')
      const owners = keys
        .slice(0, -1)
        .reduce(
          (types, key) =>
            members(types, key).flatMap((member) => objectsOf(checker.getTypeOfSymbolAtLocation(member, file))),
          objectsOf(root),
        )
      const texts = members(owners, keys.at(-1)!).map((member) =>
        ts.displayPartsToString(member.getDocumentationComment(checker)).replaceAll('\n', ' '),
      )
      return [...new Set(texts.filter((text) => text !== ''))]
    }
  }
}
