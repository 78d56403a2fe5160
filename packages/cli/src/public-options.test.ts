/** Every public function that takes options: a mistyped one is refused, and comments state the defaults that are used. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isGpdError } from '@gpdjs/core'
import * as kdLosses from '@gpdjs/kd-losses'
import { describe, expect, it } from 'vitest'
import { errorOf, factories, leftOver, optionsOf } from './testing/public-functions.ts'

const byName = Object.entries(kdLosses.losses).map(([name, make]) => ({
  name: `losses['${name}']`,
  call: (options: unknown) => make({ ...(options as object) }),
}))

describe('a mistyped option is refused with the nearest name', () => {
  it('by as many functions as there are', () => {
    expect(factories.length).toBeGreaterThan(150)
    expect(new Set(factories.map(({ of }) => of)).size).toBe(10)
    expect(leftOver).toEqual([])
  })

  it.each([...factories, ...byName])('$name', async ({ call }) => {
    const error = await errorOf(() => call({ noSuchOption: 1 }))
    expect(error).toSatisfy(isGpdError)
    expect(error).toMatchObject({ code: 'config.unknown-key' })
    const [known] = /Known: (\w+)/.exec((error as Error).message)?.slice(1) ?? []
    if (known === undefined) return // an op without attributes
    const mistyped = `${known}e`
    const second = await errorOf(() => call({ [mistyped]: 1 }))
    expect(second).toMatchObject({ code: 'config.unknown-key' })
    expect((second as Error).message).toContain(`'${mistyped}'. Did you mean '${known}'?`)
  })

  it.each(factories)('$name refuses anything but an object', async ({ call }) => {
    expect(await errorOf(() => call(0.1))).toMatchObject({ code: 'config.invalid' })
  })

  it.each(factories)('$name refuses a value of another type in every option', async ({ name, ...rest }) => {
    const options = await optionsOf({ name, ...rest })
    for (const option of options) {
      const error = await errorOf(() => rest.call({ [option]: Symbol('wrong') }))
      expect(error, option).toSatisfy(isGpdError)
      expect((error as { code: string }).code, option).toMatch(/^config\.(invalid|missing)$/)
    }
  })
})

const packages = fileURLToPath(new URL('../../', import.meta.url))
const sources = readdirSync(packages, { recursive: true, encoding: 'utf8' })
  .filter((path) => /^[\w-]+\/src\/.*(?<!\.test)\.ts$/.test(path))
  .map((path): [string, string] => [path, readFileSync(join(packages, path), 'utf8')])

/** A comment with a default, and the declaration under it: `/** … (default 4) *\/ padding: option(…, 4),`. */
const DECLARED = /\(default ((?:[^()]|\([^()]*\))*)\)(?:(?!\*\/)[^])*\*\/\s+(\w+): option\(([^]*?)\),\n/g

const declarations = sources.flatMap(([path, text]) =>
  [...text.matchAll(DECLARED)].map(([, said, name, declared]): [string, string, string] => [
    `${path}: ${name}`,
    said!,
    declared!,
  ]),
)

/** `[4, 3]` is written as `4, 3`, `[32, 32, 3]` also as `32×32×3`, and a text in code marks with or without its quotes. */
const plain = (text: string) =>
  text
    .replaceAll(/[`'[\]]/g, '')
    .replaceAll('×', ', ')
    .replace('1e-4', '0.0001')

describe('a comment says the default that is declared under it', () => {
  it('for as many options as there are', () => expect(declarations.length).toBeGreaterThan(80))

  it.each(declarations)('%s', (_, said, declared) => {
    const [first] = plain(said).split(/[;:]/)
    const fallback = plain(declared.slice(declared.lastIndexOf('), ') + 1)).trim()
    expect(
      fallback.endsWith(` ${first}`) || first!.startsWith(`${fallback.split(/\s+/).at(-1)},`),
      `${said} | ${declared}`,
    ).toBe(true)
  })
})
