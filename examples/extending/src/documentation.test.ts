import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { codeBlocks, root } from './testing/markdown.ts'

const here = fileURLToPath(new URL('../', import.meta.url))

/** Pages with blocks ```` ```ts file=… ````: copies of files. */
const COPIES = 'docs/extending.md'

/** Pages with blocks ```` ```js run ```` or ```` ```ts run ````: programs, each followed by a block of what it prints. */
const PROGRAMS = [
  'README.md',
  'docs/ablations.md',
  'docs/concepts.md',
  'docs/errors.md',
  'docs/interchange.md',
  'packages/core/README.md',
  'packages/backends/README.md',
  'packages/interchange/README.md',
  'packages/ir-expansion/README.md',
  'packages/cbr-reparam/README.md',
  'packages/data/README.md',
  'packages/trainer/README.md',
]

/** Standard output of a program, run from its source in an empty folder where packages are found by name. */
async function output(code: string): Promise<string> {
  mkdirSync(`${here}runs`, { recursive: true })
  const cwd = mkdtempSync(`${here}runs/documentation-`)
  try {
    writeFileSync(`${cwd}/program.ts`, code)
    const flags = ['--conditions=@gpdjs/source', '--import', 'tsx']
    const { stdout } = await promisify(execFile)(process.execPath, [...flags, 'program.ts'], { cwd })
    return stdout
  } finally {
    rmSync(cwd, { recursive: true })
  }
}

describe(COPIES, () => {
  const copies = codeBlocks(COPIES).filter(({ info }) => info.includes('file='))

  it('shows every file of this example', () => {
    const shown = copies.map(({ info }) => info.split('file=')[1])
    const files = ['logit-mse', 'prelu', 'asymmetric', 'mutual-learning', 'two-towers', 'next-token', 'index']
    expect(shown.sort()).toEqual(files.map((name) => `examples/extending/src/${name}.ts`).sort())
  })

  it.each(copies)('has the same code as the file: $info', ({ info, code }) => {
    expect(code).toBe(readFileSync(root + info.split('file=')[1], 'utf8'))
  })
})

describe.each(PROGRAMS)('%s', (page) => {
  const blocks = codeBlocks(page)
  const programs = blocks.flatMap(({ info, code }, at) =>
    /^[jt]s run$/.test(info) ? [{ code, printed: blocks[at + 1] }] : [],
  )

  it('has a program', () => expect(programs).not.toHaveLength(0))

  it.each(programs)('prints what the page shows (%#)', async ({ code, printed }) => {
    expect(printed?.info).toBe('text')
    expect(await output(code)).toBe(printed?.code)
  })
})

/** What the barrel of a package exports, types included, and those of its folders that it takes over. */
function exportedNames(name: string, file = 'index.ts'): string[] {
  const text = readFileSync(`${root}packages/${name}/src/${file}`, 'utf8')
  const others = [...text.matchAll(/^export \* from '\.\/(.*)'/gm)].flatMap(([, other]) => exportedNames(name, other))
  const own = [...text.matchAll(/^export (?:type )?\{([^}]*)\}/gm)]
    .flatMap(([, list]) => list!.split(','))
    .map((entry) => entry.replace(/^\s*type\s/, '').trim())
  return [...own, ...others].filter((entry) => entry !== '')
}

describe('packages/*/README.md', () => {
  it.each(['core', 'backends', 'interchange', 'ir-expansion', 'cbr-reparam', 'data', 'trainer'])(
    '%s: names every export',
    (name) => {
      const page = readFileSync(`${root}packages/${name}/README.md`, 'utf8')
      const code = [...page.matchAll(/`([^`\n]+)`/g)].map(([, text]) => text!.match(/^\w+/)?.[0])
      const names = exportedNames(name)
      expect(names.length).toBeGreaterThan(5)
      expect(names.filter((exported) => !code.includes(exported))).toEqual([])
    },
  )
})

describe('docs/errors.md', () => {
  it('explains every code, and no other', () => {
    const source = readFileSync(`${root}packages/core/src/errors.ts`, 'utf8')
    const codes = [...source.matchAll(/^ {2}\| '([\w.-]+)'$/gm)].map(([, code]) => code!)
    const rows = [...readFileSync(`${root}docs/errors.md`, 'utf8').matchAll(/^\| `([\w.-]+)` /gm)].map(
      ([, code]) => code!,
    )
    expect(codes).toContain('backend.unknown')
    expect(rows.sort()).toEqual(codes.sort())
  })
})
