import { readFile } from 'node:fs/promises'
import { dirname, extname, resolve } from 'node:path'
import { GpdError, parseJson } from '@gpdjs/core'
import { defineConfig, defineStudy } from './define.ts'
import { forbidOddKeys } from './merge.ts'

async function parseYaml(text: string): Promise<unknown> {
  const { parse } = await import('yaml')
  return parse(text, { maxAliasCount: 100, uniqueKeys: true })
}

/** Runs a module. `@gpdjs/cli` is this program itself, wherever the module stands. */
async function importModule(path: string): Promise<unknown> {
  const { createJiti } = await import('jiti')
  const jiti = createJiti(path, { fsCache: false, virtualModules: { '@gpdjs/cli': { defineConfig, defineStudy } } })
  return jiti.import(path, { default: true })
}

type Parser = (text: string, path: string) => unknown

const runModule: Parser = (_, path) => importModule(path)

const PARSERS: Readonly<Record<string, Parser>> = {
  '.json': parseJson,
  '.yaml': parseYaml,
  '.yml': parseYaml,
  '.ts': runModule,
  '.mts': runModule,
  '.js': runModule,
  '.mjs': runModule,
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const problem = `Cannot read the configuration '${path}': ${(error as Error).message}.`
    throw new GpdError('config.missing', problem, 'Check the path after --config.', { cause: error })
  }
}

/**
 * The content of a configuration file: JSON, YAML, or a TypeScript or JavaScript module whose default export it is. Running
 * such a module runs its code.
 *
 * @returns the value, unchecked, and the folder that relative paths in it start from
 * @throws GpdError `config.missing` or `config.invalid`
 */
export async function loadFile(file: string): Promise<{ readonly value: unknown; readonly folder: string }> {
  const path = resolve(file)
  const parser = PARSERS[extname(path)]
  if (!parser) {
    throw new GpdError('config.invalid', `${file}: expected a file ending in ${Object.keys(PARSERS).join(', ')}.`)
  }
  const text = await readText(path)
  let value: unknown
  try {
    value = await parser(text, path)
  } catch (error) {
    const [reason] = (error as Error).message.split('\n')
    throw new GpdError('config.invalid', `${file}: ${reason!.replace(/[.:]?$/, '.')}`, undefined, { cause: error })
  }
  forbidOddKeys(value, file)
  return { value, folder: dirname(path) }
}
