/** READMEs name every option of every function that they list: an option that no table names is found by nobody. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { factories, optionsOf, type PackageName } from './testing/public-functions.ts'

const readme = (of: PackageName): string =>
  readFileSync(new URL(`../../${of}/README.md`, import.meta.url), 'utf8').replaceAll(/^```[^]*?^```$/gm, '')

/** What is in code marks, word by word. */
const words = (text: string): ReadonlySet<string> =>
  new Set([...text.matchAll(/`([^`]+)`/g)].flatMap(([, code]) => code!.match(/\w+/g) ?? []))

/**
 * Parts of a page that are about one thing: a paragraph, and a row or the first column of a table with the paragraph before it.
 */
function parts(page: string): ReadonlySet<string>[] {
  const blocks = page.split(/\n{2,}/)
  return blocks.flatMap((block, i) => {
    if (!block.startsWith('|')) return [words(block)]
    const rows = block.split('\n')
    const firstColumn = rows.map((row) => row.split(/(?<!\\)\|/)[1]).join(' ')
    return [...rows, firstColumn].map((part) => words(`${blocks[i - 1]} ${part}`))
  })
}

/** Loss functions are listed as one, by rows or not. */
const isAbout = (part: ReadonlySet<string>, name: string) => part.has(name) || part.has(name.replace(/Rows$/, 'Loss'))

describe.each([...new Set(factories.map(({ of }) => of))])('the README of %s names the options of', (of) => {
  const about = parts(readme(of))

  it.each(factories.filter((factory) => factory.of === of))('$name', async ({ name, ...rest }) => {
    const own = about.filter((part) => isAbout(part, name))
    const missing = (await optionsOf({ name, ...rest })).filter((option) => !own.some((part) => part.has(option)))
    expect(missing).toEqual([])
  })
})
