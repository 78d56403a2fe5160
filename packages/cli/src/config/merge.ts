import { GpdError } from '@gpdjs/core'

/** Keys that would reach an object's prototype instead of the object. */
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype'])
/** No configuration is nested this deep; a file that is would only exhaust the stack. */
const MAX_DEPTH = 50

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** @throws GpdError `config.invalid` for keys that would reach a prototype, and for endless nesting */
export function forbidOddKeys(value: unknown, source: string, depth = 0): void {
  if (typeof value !== 'object' || value === null) return
  if (depth > MAX_DEPTH) throw new GpdError('config.invalid', `${source}: nested more than ${MAX_DEPTH} deep.`)
  for (const [key, inner] of Object.entries(value)) {
    if (FORBIDDEN.has(key)) throw new GpdError('config.invalid', `${source}: '${key}' is not allowed as a key.`)
    forbidOddKeys(inner, source, depth + 1)
  }
}

/** `over` on top of `base`: objects are merged key by key, everything else replaces. */
export function mergeDeep(base: unknown, over: unknown): unknown {
  if (!isObject(base) || !isObject(over)) return over === undefined ? base : over
  const keys = new Set([...Object.keys(base), ...Object.keys(over)])
  return Object.fromEntries(
    [...keys].map((key) => [key, Object.hasOwn(over, key) ? mergeDeep(base[key], over[key]) : base[key]]),
  )
}

/**
 * `--set optimizer.momentum=0.5`: the value is read as JSON where it is JSON, and as text otherwise.
 *
 * @throws GpdError `config.invalid`
 */
export function parseAssignment(assignment: string): Record<string, unknown> {
  const at = assignment.indexOf('=')
  const path = assignment.slice(0, Math.max(0, at)).split('.')
  if (path.some((key) => key === '' || FORBIDDEN.has(key))) {
    const problem = `--set: expected key=value, got '${assignment}'.`
    throw new GpdError('config.invalid', problem, 'For example --set optimizer.momentum=0.9')
  }
  const text = assignment.slice(at + 1)
  let value: unknown = text
  try {
    value = JSON.parse(text)
    forbidOddKeys(value, '--set')
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    // Plain text, such as a name.
  }
  return path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Record<string, unknown>
}
