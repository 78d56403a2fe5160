/** Every public function that takes options: a mistyped one is refused, and comments state the defaults that are used. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as architectures from '@gpdjs/architectures'
import * as cbr from '@gpdjs/cbr-reparam'
import { isGpdError } from '@gpdjs/core'
import * as data from '@gpdjs/data'
import * as files from '@gpdjs/data/node'
import * as ir from '@gpdjs/ir-expansion'
import * as kdLosses from '@gpdjs/kd-losses'
import * as trainer from '@gpdjs/trainer'
import { describe, expect, it } from 'vitest'

type Public = Readonly<Record<string, unknown>>

/** Where the options stand among the arguments. Functions that are not listed here take them first. */
const POSITION: Readonly<Record<string, number>> = {
  createNetwork: 1,
  imageSource: 1,
  ...Object.fromEntries(
    ['cosine', 'multiStep', 'stepDecay', 'warmUp', 'warmUpFromOne', 'warmUpFromZero'].map((name) => [name, 1]),
  ),
  ...Object.fromEntries(['linear', 'evaluate', 'classMeans'].map((name) => [name, 2])),
  split: 1,
  decodeIdx: 1,
  expand: 1,
  readIdx: 1,
  readMnistFolder: 1,
  mlkdLoss: 1,
  mlkdViewLoss: 1,
  published: 2,
  ...Object.fromEntries(['atLoss', 'rkdLoss', 'kdLoss', 'distLoss', 'ttmLoss', 'wttmLoss'].map((name) => [name, 2])),
  softCrossEntropyLoss: 2,
  binaryKdLoss: 2,
  ...Object.fromEntries(['dkdLoss', 'ofaLoss', 'rldLoss'].map((name) => [name, 3])),
}

/** Public functions without options. A new one without belongs here; one with options has a table, and is tested below. */
const WITHOUT = new Set(
  (
    'crossEntropyLoss listNetworks listTaps crossEntropy binaryCrossEntropy binaryCrossEntropyLoss checkEntries standardizeLogits standardized fitnetLoss spLoss pktLoss nstLoss ' +
    'vidLoss contrastLoss attentionFusion hclLoss ndLoss publishedMethods extractStudent studentView leadingBlock ' +
    'asPublished extractActor meanOverSet chain clip partition frozen globalNorm gradientsOf scaledGradients valueAt ' +
    'metricsFile combineCallbacks distillationTerm inScope ' +
    'scopeOf buildPipeline gradientPass disposeReplaced initialState trainingStep ' +
    'checkImageSet countImages imageBytes take select moments encodeIdx chain branchParameters initializeWide ' +
    'liftParameters liftStatistics teacherView tileChannels keepsSize writeIdx mergeBranches storageScale studentScale'
  ).split(' '),
)

/** A loss by rows takes what the loss takes. */
const asLoss = (name: string) => name.replace(/Rows$/, 'Loss')

const functions = (module: Public) => Object.entries(module).filter(([, value]) => typeof value === 'function')

const factories = [architectures, kdLosses, data, files, ir, cbr, trainer]
  .flatMap(functions)
  .filter(([name]) => !WITHOUT.has(asLoss(name)))
  .map(([name, make]): [string, (options: object) => unknown] => [
    name,
    (options) => {
      const first = name === 'createNetwork' ? 'resnet8' : name === 'published' ? 'dkd' : undefined
      const before = Array.from({ length: POSITION[asLoss(name)] ?? 0 }, (_, i) => (i === 0 ? first : 'cifar100'))
      return (make as (...args: unknown[]) => unknown)(...before, options)
    },
  ])

const byName = Object.entries(kdLosses.losses).map(([name, make]): [string, (options: object) => unknown] => [
  `losses['${name}']`,
  (options) => make({ ...options }),
])

/** The error of a call, thrown or as a rejected promise. */
async function errorOf(call: () => unknown): Promise<unknown> {
  try {
    await call()
    return undefined
  } catch (error) {
    return error
  }
}

describe('a mistyped option is refused with the nearest name', () => {
  it('by as many functions as there are', () => expect(factories.length).toBeGreaterThan(50))

  it.each([...factories, ...byName])('%s', async (_, make) => {
    const error = await errorOf(() => make({ noSuchOption: 1 }))
    expect(error).toSatisfy(isGpdError)
    expect(error).toMatchObject({ code: 'config.unknown-key' })
    const [known] = /Known: (\w+)/.exec((error as Error).message)?.slice(1) ?? []
    const mistyped = `${known}e`
    const second = await errorOf(() => make({ [mistyped]: 1 }))
    expect(second).toMatchObject({ code: 'config.unknown-key' })
    expect((second as Error).message).toContain(`'${mistyped}'. Did you mean '${known}'?`)
  })

  it.each(factories)('%s refuses anything but an object', async (_, make) => {
    expect(await errorOf(() => make(0.1 as never))).toMatchObject({ code: 'config.invalid' })
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
