/** What a message tells its reader to use exists: functions, options, keys of a configuration, options of the command. */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import * as architectures from '@gpdjs/architectures'
import * as backends from '@gpdjs/backends'
import * as cbr from '@gpdjs/cbr-reparam'
import * as core from '@gpdjs/core'
import type { OptionTable } from '@gpdjs/core'
import * as data from '@gpdjs/data'
import * as files from '@gpdjs/data/node'
import * as interchange from '@gpdjs/interchange'
import * as ir from '@gpdjs/ir-expansion'
import * as kdLosses from '@gpdjs/kd-losses'
import * as trainer from '@gpdjs/trainer'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { CONFIG } from './config/schema.ts'
import { HELP } from './help.ts'

const packages = fileURLToPath(new URL('../..', import.meta.url))
const sources = readdirSync(packages)
  .flatMap((name) =>
    readdirSync(`${packages}/${name}/src`, { recursive: true }).map((file) => `${name}/src/${String(file)}`),
  )
  .filter((file) => /\.ts$/.test(file) && !/\.test\.ts$|\/testing\//.test(file))
  .map((file) => ({ file, source: readFileSync(`${packages}/${file}`, 'utf8') }))

/** The sentences of a source; what is put into a template is shown as `…`. */
function sentencesOf({ file, source }: (typeof sources)[number]): { file: string; text: string }[] {
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) found.push(node.text)
    if (ts.isTemplateExpression(node))
      found.push([node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)].join('…'))
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(file, source, ts.ScriptTarget.Latest))
  return found.filter((text) => /^[A-Z(].* .*[.)]$/s.test(text)).map((text) => ({ file, text }))
}

const matches = (pattern: RegExp): string[] =>
  sources.flatMap(({ source }) => [...source.matchAll(pattern)].map(([, name]) => name!))

/** Options and members of what is given to public functions. */
const members = new Set([
  ...matches(/^\s*(\w+): (?:needed|option|optional|switchable|kinds\.)/gm),
  ...matches(/^\s*readonly (\w+)\??:/gm),
  ...matches(/^\s*(?:async )?(\w+)\??\(.*(?:\{|void;?|;|>)$/gm),
])

const modules = [architectures, backends, cbr, core, data, files, interchange, ir, kdLosses, trainer]
const functions = new Set(modules.flatMap((module) => Object.keys(module)))

const native = sources.find(({ file }) => file === 'cli/src/native/index.ts')!.source
const commandOptions = new Set(
  `${Object.values(HELP).join('\n')}\n${native}`.match(/--[a-z][a-z-]*/g)!.concat('--verbose', '--help', '--version'),
)

/** Keys of a configuration, such as `optimizer.learningRate`. */
const keysOf = (table: OptionTable, prefix = ''): string[] =>
  Object.entries(table).flatMap(([key, { kind }]) => [
    `${prefix}${key}`,
    ...(kind.tables ?? []).flatMap(({ options }) => keysOf(options, `${prefix}${key}.`)),
  ])
const keys = new Set(keysOf(CONFIG))

/** Of other programs and libraries. */
const OTHERS = new Set(
  (
    '--install --no-deps float maxValue dataFormat dilationRate channelsLast noiseShape negativeSlope ' +
    'targetShape depthMultiplier kernelConstraint useBias returnSequences readFile'
  ).split(' '),
)

type Token = readonly [kind: string, name: string, exists: boolean]

/** Names in a sentence that are marked as such by how they are written. */
function tokensOf(text: string): Token[] {
  const found = (pattern: RegExp, kind: string, exists: (name: string) => boolean): Token[] =>
    [...text.matchAll(pattern)].map(([, name]) => [kind, name!, OTHERS.has(name!) || exists(name!)])
  const isMember = (name: string) => members.has(name) || keys.has(name)
  return [
    ...found(/(?<![\w-])(--[a-z][a-z-]*)/g, 'command line', (name) => commandOptions.has(name)),
    ...found(/(?<![\w.…])([a-z]\w+)\((?!s\))/g, 'function', (name) => functions.has(name) || members.has(name)),
    ...found(
      /(?<![\w.…/])((?:data|student|teacher|dynamicTeacher|optimizer|ema)\.[a-zA-Z.]*[a-zA-Z])/g,
      'key',
      (name) => keys.has(name),
    ),
    ...found(
      /(?<![\w.…/])([a-z]+[A-Z]\w*)(?!\w*(?:\(|\.\w))/g,
      'name',
      (name) => isMember(name) || functions.has(name),
    ),
    ...found(
      /\b(?:[Uu]se|[Ss]et|[Gg]ive|[Pp]ass) (?:the option )?`?([a-z]\w+)`? (?=\d|'|true\b|false\b)/g,
      'option',
      isMember,
    ),
    ...found(/(?<![\w.…'])([a-z]\w+): (?=\d|'|true\b|false\b)/g, 'option', isMember),
  ]
}

const tokens = sources
  .flatMap(sentencesOf)
  .flatMap(({ file, text }) => tokensOf(text).map((token) => ({ file, text, token })))

describe('names in messages', () => {
  it('exist', () => {
    const unknown = tokens.filter(({ token: [, , exists] }) => !exists)
    expect(unknown.map(({ file, text, token: [kind, name] }) => `${file}: ${kind} ${name} in: ${text}`)).toEqual([])
  })

  it('are found: of every kind there are some, and one that does not exist is noticed', () => {
    const kinds = new Set(tokens.map(({ token: [kind] }) => kind))
    expect([...kinds].sort()).toEqual(['command line', 'function', 'key', 'name', 'option'])
    expect(tokens.length).toBeGreaterThan(50)
    const wrong = [
      'Use kdLosses(x).',
      'Try a lower optimizer.learningrate.',
      'Leave --gpus out.',
      'Give smallBatch.',
      'Use deviations 1.',
      "Use regresor: 'pointwise'.",
    ]
    for (const text of wrong)
      expect(
        tokensOf(text).filter(([, , exists]) => !exists),
        text,
      ).toHaveLength(1)
  })
})
