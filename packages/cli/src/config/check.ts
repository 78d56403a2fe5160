import { didYouMean, GpdError } from '@gpdjs/core'
import { z } from 'zod'

type Issue = z.core.$ZodIssue

const pathOf = (path: readonly PropertyKey[]) => path.map(String).join('.')

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], root)
}

/** Keys that an object schema knows, wherever it is wrapped in defaults and unions. */
function keysOf(schema: unknown): string[] {
  if (schema instanceof z.ZodObject) return Object.keys(schema.shape as object)
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(keysOf)
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) return keysOf(schema.unwrap())
  return []
}

function schemaAt(schema: unknown, path: readonly PropertyKey[]): unknown {
  if (path.length === 0) return schema
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) return schemaAt(schema.unwrap(), path)
  if (schema instanceof z.ZodUnion) return schema.options.map((option) => schemaAt(option, path)).find((found) => found !== undefined)
  if (schema instanceof z.ZodObject) return schemaAt((schema.shape as Record<PropertyKey, unknown>)[path[0]!], path.slice(1))
  return undefined
}

/** The issue that says most: inside a union, the one of the alternative that came closest. */
function sharpest(issue: Issue): Issue {
  if (issue.code !== 'invalid_union') return issue
  const alternatives = issue.errors.map(([first]) => first).filter((first) => first !== undefined)
  const wellTyped = alternatives.find((first) => first.code !== 'invalid_type' && first.code !== 'invalid_value') ?? alternatives.find((first) => first.path.length > 0)
  if (wellTyped === undefined) return issue
  return sharpest({ ...wellTyped, path: [...issue.path, ...wellTyped.path] })
}

const show = (value: unknown): string => (value === undefined ? 'nothing' : (JSON.stringify(value) ?? typeof value).slice(0, 80))

type Describe<C extends Issue['code']> = (issue: Extract<Issue, { code: C }>, given: unknown, schema: unknown) => [problem: string, fix?: string]

const describeUnknownKey: Describe<'unrecognized_keys'> = (issue, _, schema) => {
  const [key] = issue.keys
  const full = pathOf([...issue.path, key!])
  return [`${full}: no such key.`, didYouMean(key!, keysOf(schemaAt(schema, issue.path)))]
}

const describeValue: Describe<'invalid_value'> = (issue, given) => {
  const found = valueAt(given, issue.path)
  const problem = `${pathOf(issue.path)}: expected ${issue.values.map((value) => show(value)).join(', ')}, got ${show(found)}.`
  return typeof found === 'string' ? [problem, didYouMean(found, issue.values.map(String))] : [problem]
}

function describe(issue: Issue, given: unknown, schema: unknown): [problem: string, fix?: string] {
  if (issue.code === 'unrecognized_keys') return describeUnknownKey(issue, given, schema)
  if (issue.code === 'invalid_value') return describeValue(issue, given, schema)
  const expected = issue.message.replace(/^Invalid input: /, '').replace(/^Too small: expected \w+ to be /, 'expected ').replace(/^Too big: expected \w+ to be /, 'expected ').replace(/, received .*$/, '')
  return [`${pathOf(issue.path) || 'The configuration'}: ${expected}, got ${show(valueAt(given, issue.path))}.`]
}

/**
 * A value checked against a schema, with its defaults filled in.
 *
 * @param source what messages begin with, such as the name of a file
 * @throws GpdError `config.unknown-key` or `config.invalid`, with the path of the key, what was expected and found
 */
export function checkAgainst<S extends z.ZodType>(schema: S, given: unknown, source: string): z.output<S> {
  const result = schema.safeParse(given)
  if (result.success) return result.data
  const issue = sharpest(result.error.issues[0]!)
  const [problem, fix] = describe(issue, given, schema)
  throw new GpdError(issue.code === 'unrecognized_keys' ? 'config.unknown-key' : 'config.invalid', `${source}: ${problem}`, fix)
}
