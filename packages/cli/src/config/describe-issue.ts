import { didYouMean } from '@gpdjs/core'
import { z } from 'zod'

type Issue = z.core.$ZodIssue
type Path = readonly PropertyKey[]
type Description = readonly [problem: string, fix?: string]

const isWrapper = (schema: unknown): schema is z.ZodOptional | z.ZodDefault | z.ZodPrefault =>
  schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault

/** Keys that the schema at the end of a path knows, wherever it is wrapped in defaults and unions. */
function keysAt(schema: unknown, path: Path): string[] {
  if (isWrapper(schema)) return keysAt(schema.unwrap(), path)
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option) => keysAt(option, path))
  if (!(schema instanceof z.ZodObject)) return []
  const shape = schema.shape as Readonly<Record<PropertyKey, unknown>>
  const [key, ...rest] = path
  return key === undefined ? Object.keys(shape) : keysAt(shape[key], rest)
}

const valueAt = (root: unknown, path: Path) =>
  path.reduce<unknown>((value, key) => (value as Readonly<Record<PropertyKey, unknown>> | undefined)?.[key], root)

function show(value: unknown): string {
  if (value === undefined) return 'nothing'
  return typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? typeof value).slice(0, 80)
}

const TYPES: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
  object: 'an object',
  record: 'an object',
  string: 'a text',
}

/** `a`, `a or b`, `a, b or c` */
const oneOf = (choices: readonly string[]) =>
  choices.length < 2 ? choices.join() : `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`

const boundOf = (origin: string, bound: number | bigint) =>
  origin === 'array' ? `${bound} ${Number(bound) === 1 ? 'entry' : 'entries'}` : String(bound)

/** What would have been accepted, each of them an ending of the sentence "expected …". */
function choicesOf(issue: Issue): string[] {
  switch (issue.code) {
    case 'invalid_type':
      return [TYPES[issue.expected] ?? issue.expected]
    case 'invalid_value':
      return issue.values.map(show)
    case 'too_small':
      return [`${issue.inclusive === false ? 'more than' : 'at least'} ${boundOf(issue.origin, issue.minimum)}`]
    case 'too_big':
      return [`${issue.inclusive === false ? 'less than' : 'at most'} ${boundOf(issue.origin, issue.maximum)}`]
    case 'invalid_union':
      return issue.errors.flatMap(([first]) => (first === undefined ? [] : choicesOf(first)))
    default:
      return [issue.message]
  }
}

/** The texts that would have been accepted. */
function accepted(issue: Issue): string[] {
  if (issue.code === 'invalid_union') return issue.errors.flatMap((issues) => issues.flatMap(accepted))
  return issue.code === 'invalid_value' ? issue.values.filter((value) => typeof value === 'string') : []
}

/** What is wrong with a value, in one or two sentences. */
export function describeIssue(issue: Issue, given: unknown, schema: z.ZodType): Description {
  const path = issue.path.map(String)
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0]!
    return [`${[...path, key].join('.')}: no such key.`, didYouMean(key, keysAt(schema, issue.path))]
  }
  const found = valueAt(given, issue.path)
  const problem = `${path.join('.') || 'The configuration'}: expected ${oneOf(choicesOf(issue))}, got ${show(found)}.`
  const texts = accepted(issue)
  return typeof found === 'string' && texts.length > 0 ? [problem, didYouMean(found, texts)] : [problem]
}
