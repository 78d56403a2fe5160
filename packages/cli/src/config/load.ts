import { readFile } from 'node:fs/promises'
import { dirname, extname, resolve } from 'node:path'
import { GpdError } from '@gpdjs/core'

/** Keys that would reach an object's prototype instead of the object. */
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype'])

function forbidPrototypes(value: unknown, source: string): void {
  if (typeof value !== 'object' || value === null) return
  for (const [key, inner] of Object.entries(value)) {
    if (FORBIDDEN.has(key)) throw new GpdError('config.invalid', `${source}: '${key}' is not allowed as a key.`)
    forbidPrototypes(inner, source)
  }
}

async function parseYaml(text: string): Promise<unknown> {
  const { parse } = await import('yaml')
  return parse(text, { maxAliasCount: 100, uniqueKeys: true })
}

async function importModule(path: string): Promise<unknown> {
  const { createJiti } = await import('jiti')
  return createJiti(import.meta.url).import(path, { default: true })
}

type Parser = (text: string, path: string) => unknown

const PARSERS: Readonly<Record<string, Parser>> = {
  '.json': (text) => JSON.parse(text) as unknown,
  '.yaml': parseYaml,
  '.yml': parseYaml,
  '.ts': (_, path) => importModule(path),
  '.mts': (_, path) => importModule(path),
  '.js': (_, path) => importModule(path),
  '.mjs': (_, path) => importModule(path),
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new GpdError('config.missing', `Cannot read the configuration '${path}': ${(error as Error).message}.`, 'Check the path after --config.', { cause: error })
  }
}

/**
 * What a configuration file says: JSON, YAML, or a TypeScript or JavaScript module whose default export it is. Running
 * such a module runs its code.
 *
 * @returns the value, unchecked, and the folder that relative paths in it start from
 * @throws GpdError `config.missing` or `config.invalid`
 */
export async function loadFile(file: string): Promise<{ readonly value: unknown; readonly folder: string }> {
  const path = resolve(file)
  const parser = PARSERS[extname(path)]
  if (!parser) throw new GpdError('config.invalid', `${file}: expected a file ending in ${Object.keys(PARSERS).join(', ')}.`)
  const text = await readText(path)
  let value: unknown
  try {
    value = await parser(text, path)
  } catch (error) {
    throw new GpdError('config.invalid', `${file}: ${(error as Error).message.split('\n')[0]}`, undefined, { cause: error })
  }
  forbidPrototypes(value, file)
  return { value, folder: dirname(path) }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

/** `over` on top of `base`: objects are merged key by key, everything else replaces. */
export function mergeDeep(base: unknown, over: unknown): unknown {
  if (!isObject(base) || !isObject(over)) return over === undefined ? base : over
  const keys = new Set([...Object.keys(base), ...Object.keys(over)])
  return Object.fromEntries([...keys].map((key) => [key, key in over ? mergeDeep(base[key], over[key]) : base[key]]))
}

/** `--set optimizer.momentum=0.5`: the value is read as JSON where it is JSON, and as text otherwise. */
export function parseAssignment(assignment: string): Record<string, unknown> {
  const at = assignment.indexOf('=')
  const path = assignment.slice(0, Math.max(0, at)).split('.')
  if (at < 1 || path.some((key) => key === '' || FORBIDDEN.has(key))) {
    throw new GpdError('config.invalid', `--set: expected key=value, got '${assignment}'.`, 'For example --set optimizer.momentum=0.9')
  }
  const text = assignment.slice(at + 1)
  let value: unknown = text
  try {
    value = JSON.parse(text)
  } catch {
    // Plain text, such as a name.
  }
  return path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Record<string, unknown>
}
