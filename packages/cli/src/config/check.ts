import { GpdError } from '@gpdjs/core'
import type { z } from 'zod'
import { describeIssue } from './describe-issue.ts'

type Issue = z.core.$ZodIssue

/**
 * The issue that says most: inside a union, that of the alternative which the value was meant to be. That is the one
 * with the right type and one wrong entry; if all have another type, the union itself says what it takes.
 */
function sharpest(issue: Issue): Issue {
  if (issue.code !== 'invalid_union') return issue
  const alternatives = issue.errors.flatMap(([first]) => (first === undefined ? [] : [first]))
  const isAboutType = ({ code, path }: Issue) =>
    path.length === 0 && (code === 'invalid_type' || code === 'invalid_value')
  const meant = alternatives.find((first) => !isAboutType(first))
  return meant === undefined ? issue : sharpest({ ...meant, path: [...issue.path, ...meant.path] })
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
  const [problem, fix] = describeIssue(issue, given, schema)
  const code = issue.code === 'unrecognized_keys' ? 'config.unknown-key' : 'config.invalid'
  throw new GpdError(code, `${source}: ${problem}`, fix)
}
