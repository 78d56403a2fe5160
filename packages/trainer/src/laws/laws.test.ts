import * as tf from '@tensorflow/tfjs'
import {
  apply,
  initializeParameters,
  initializeStatistics,
  mapRecord,
  mergeBranches,
  randomStream,
  predict,
  type Fields,
  type Network,
  type TensorRecord,
} from '@gpdjs/core'
import { extractStudent, studentView } from '@gpdjs/cbr-reparam'
import {
  branchParameters,
  expand,
  liftParameters,
  liftStatistics,
  orepa,
  teacherView,
  type OrepaOptions,
} from '@gpdjs/ir-expansion'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { buildRecipe, networkRecipe, type NetworkRecipe } from './random-network.ts'
import { fieldMachine, tableRecipe, type TableRecipe } from './random-tables.ts'
import {
  crossEncoder,
  languageModel,
  textEncoder,
  textRecipe,
  TOKENS,
  VOCABULARY,
  type TextRecipe,
} from './random-texts.ts'

const branchOptions: fc.Arbitrary<OrepaOptions | undefined> = fc.option(
  fc.record({
    branches: fc.integer({ min: 1, max: 6 }),
    gates: fc.constantFrom('scratch' as const, 'single' as const),
    variant: fc.constantFrom('release' as const, 'original' as const),
    bias: fc.boolean(),
  }),
  { nil: undefined },
)

/** Random networks of one kind. */
interface Kind<R> {
  readonly recipe: fc.Arbitrary<R>
  readonly build: (recipe: R) => Network
  readonly runs: number
  /** Standard deviations of the noise on copies. */
  readonly noise: readonly number[]
  /** Nodes that may be kept at their width. */
  readonly layers: readonly string[]
}

const images: Kind<NetworkRecipe> = {
  recipe: networkRecipe,
  build: buildRecipe,
  runs: 100,
  noise: [0, 1e-3, 0.1, 1],
  layers: ['stem', 'block0', 'block1.conv1'],
}
// A dozen layers with noise as large as their weights would show nothing but rounding.
const texts = {
  recipe: textRecipe,
  runs: 40,
  noise: [0, 1e-3, 0.1],
  layers: ['tokens.embed', 'block0.qkv', 'block0.fc1'],
}
const languageModels: Kind<TextRecipe> = { ...texts, build: languageModel }
const tables: Kind<TableRecipe> = {
  recipe: tableRecipe,
  build: fieldMachine,
  runs: 40,
  noise: [0, 1e-3, 0.1, 1],
  layers: ['embed', 'order0'],
}

const settingsOf = <R>({ recipe, noise, layers }: Kind<R>) =>
  fc.record({
    recipe,
    ratio: fc.integer({ min: 1, max: 4 }),
    parameterization: fc.constantFrom('reference' as const, 'balanced' as const),
    branches: branchOptions,
    deviation: fc.constantFrom(...noise),
    kept: fc.constantFrom(undefined, ...layers),
    seed: fc.integer(),
  })
type Setting<R> = ReturnType<typeof settingsOf<R>> extends fc.Arbitrary<infer T> ? T : never

const random = (shape: readonly number[], seed: number, name: string, spread = 1) => {
  const stream = randomStream(seed, 'test', name)
  return tf.tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => spread * stream.normal()),
    [...shape],
  )
}

/** Parameters and statistics in which nothing is at its default. */
function randomTensors({ parameters, statistics }: Network, seed: number) {
  const drawn = initializeParameters(parameters, seed)
  return {
    parameters: mapRecord(drawn, (tensor, name) => tf.add(tensor, random(tensor.shape, seed, name, 0.2))),
    statistics: mapRecord(initializeStatistics(statistics), (tensor, name) =>
      tf.add(tensor, tf.mul(0.3, tf.abs(random(tensor.shape, seed, name)))),
    ),
  }
}

/** Five samples of whatever a network reads. A mask has one token at least. */
function randomFields({ inputs }: Network, seed: number): Fields {
  return mapRecord(inputs, ({ shape, dtype, size = 2 }, name) => {
    const all = [5, ...shape]
    if (name === 'mask') return tf.maximum(tf.cast(tf.greater(random(all, seed, name), 0), 'float32'), tf.oneHot(0, 5))
    if (dtype === 'float32') return random(all, seed, name)
    const stream = randomStream(seed, 'test', name)
    const entries = Int32Array.from({ length: 5 * shape[0]! }, () => Math.floor(size * stream.uniform()))
    return tf.tensor(entries, all, 'int32')
  })
}

function lifted<R>(build: (recipe: R) => Network, given: Setting<R>) {
  const { ratio, parameterization, branches, deviation, kept, seed } = given
  const network = build(given.recipe)
  const { parameters, statistics } = randomTensors(network, seed)
  const expansion = expand(network, {
    ratio,
    parameterization,
    ...(branches && { branches: orepa(branches) }),
    ...(kept && { layers: (node) => node !== kept }),
  })
  const branched = branchParameters(expansion, parameters, seed)
  const stored = liftParameters(expansion, branched, { kind: 'zero-sum', deviation }, seed)
  return { expansion, parameters, statistics, branched, stored, x: randomFields(network, seed) }
}

const values = (record: TensorRecord) => mapRecord(record, (tensor) => Array.from(tensor.dataSync()))

/** Largest difference, relative to the size of the numbers compared. */
function distance(actual: tf.Tensor, expected: tf.Tensor): number {
  const gap = tf.max(tf.abs(tf.sub(actual, expected))).dataSync()[0]!
  return gap / (1 + tf.max(tf.abs(expected)).dataSync()[0]!)
}

/**
 * Bit for bit where the ratio is a power of two. Otherwise `x / r · r` in float32 cannot be `x` for all `x` (multiples of
 * 3 skip every third number), and the last bit may differ.
 */
function expectSame(actual: TensorRecord, expected: TensorRecord, ratio: number): void {
  if ([1, 2, 4].includes(ratio)) expect(values(actual)).toEqual(values(expected))
  else for (const [name, tensor] of Object.entries(expected)) expect(distance(actual[name]!, tensor)).toBeLessThan(3e-7)
  expect(Object.keys(actual).sort()).toEqual(Object.keys(expected).sort())
}

beforeAll(async () => {
  await tf.setBackend('cpu')
})

function holdsLaws<R>(kind: Kind<R>): void {
  const check = (property: (given: Setting<R>) => void) =>
    fc.assert(
      fc.property(settingsOf(kind), (given) => {
        tf.tidy(() => property(given as Setting<R>))
      }),
      { numRuns: kind.runs, seed: 20241, endOnFailure: false },
    )

  it('1. the student view of a lifted student is that student', () => {
    check((given) => {
      const { expansion, branched, stored } = lifted(kind.build, given)
      expectSame(studentView(expansion, stored), mergeBranches(expansion, branched), given.ratio)
    })
  })

  it('1. without branches, or with the single gate, that is the student it came from', () => {
    check((given) => {
      const branches = given.branches && { ...given.branches, gates: 'single' as const, bias: false }
      const { expansion, parameters, stored } = lifted(kind.build, { ...given, branches })
      expectSame(studentView(expansion, stored), parameters, given.ratio)
    })
  })

  it.each(['evaluation', 'training'] as const)(
    '2. the dynamic teacher computes what the student does, in %s mode',
    (mode) => {
      check((given) => {
        const { expansion, statistics, branched, stored, x } = lifted(kind.build, given)
        const training = mode === 'training'
        const student = apply(
          { network: expansion.student, parameters: mergeBranches(expansion, branched), statistics },
          x,
          { training },
        )
        const wide = liftStatistics(expansion, statistics)
        const teacher = apply(
          { network: expansion.teacher, parameters: teacherView(expansion, stored), statistics: wide },
          x,
          { training },
        )
        // Noise of size 1 makes intermediate numbers that cancel: rounding grows with it.
        const tolerance = 2e-5 * (1 + 20 * given.deviation)
        for (const [name, output] of Object.entries(student.outputs))
          expect(distance(teacher.outputs[name]!, output)).toBeLessThan(tolerance)
        const moved = training ? liftStatistics(expansion, student.statistics) : {}
        for (const [name, tensor] of Object.entries(moved))
          expect(distance(teacher.statistics[name]!, tensor)).toBeLessThan(tolerance)
      })
    },
  )

  it('3. with ratio 1 and one branch nothing is changed', () => {
    check((given) => {
      const branches = given.branches && { branches: 1, gates: 'single' as const }
      const { expansion, parameters, stored } = lifted(kind.build, { ...given, ratio: 1, branches })
      expect(values(teacherView(expansion, stored))).toEqual(values(parameters))
      expect(values(studentView(expansion, stored))).toEqual(values(parameters))
      expect(expansion.teacher.parameters.map(({ shape }) => shape)).toEqual(
        expansion.student.parameters.map(({ shape }) => shape),
      )
    })
  })

  it('4. the extracted student gives the same outputs, to the last bit', () => {
    check((given) => {
      const { expansion, statistics, stored, x } = lifted(kind.build, given)
      const trained = mapRecord(stored, (tensor, name) =>
        tf.add(tensor, random(tensor.shape, given.seed, `step ${name}`, 0.1)),
      )
      const deployed = extractStudent(expansion, trained, statistics)
      const inTraining = { network: expansion.student, parameters: studentView(expansion, trained), statistics }
      const [expected, plain] = [predict(inTraining, x), predict(deployed, x)]
      expect(Array.from(plain.dataSync())).toEqual(Array.from(expected.dataSync()))
      const names = expansion.student.parameters.map(({ name }) => name).sort()
      expect(Object.keys(deployed.parameters).sort()).toEqual(names)
    })
  })
}

describe('the laws of the two views', () => {
  describe('of images', () => holdsLaws(images))
  describe('of language models', () => holdsLaws(languageModels))
  describe('of text encoders', () => holdsLaws({ ...texts, build: textEncoder }))
  describe('of cross encoders', () => holdsLaws({ ...texts, build: crossEncoder }))
  describe('of machines of fields', () => holdsLaws(tables))
})

describe('language models', () => {
  it('do not see later words, nor do their dynamic teachers: to the last bit', () => {
    fc.assert(
      fc.property(settingsOf(languageModels), fc.integer({ min: 1, max: TOKENS - 1 }), (given, place) => {
        tf.tidy(() => {
          const { expansion, parameters, stored, x } = lifted(languageModel, { ...given, branches: undefined })
          const later = tf.greaterEqual(tf.range(0, TOKENS, 1, 'int32'), place)
          const others = tf.sub(tf.scalar(VOCABULARY - 1, 'int32'), x['tokens']!)
          const tokens = tf.where(later, others, x['tokens']!)
          const models = [
            { network: expansion.student, parameters, statistics: {} },
            { network: expansion.teacher, parameters: teacherView(expansion, stored), statistics: {} },
          ]
          for (const model of models) {
            const [before, after] = [x, { ...x, tokens }].map((fields) =>
              Array.from(tf.slice(predict(model, fields), [0, 0, 0], [-1, place, -1]).dataSync()),
            )
            expect(after).toEqual(before)
          }
        })
      }),
      { numRuns: 40, seed: 20241 },
    )
  })

  it('expand the stream of tokens, heads and hidden layers; words, places and logits are fixed', () => {
    const block = { hidden: 3, norms: true, activation: 'gelu' } as const
    const network = languageModel({ half: 2, heads: 1, blocks: [block], masked: true })
    expect(network.groups).toEqual(['tokens.embed', 'block0.qkv', 'block0.fc1'])
    const { teacher } = expand(network, { ratio: 2 })
    const shapes = Object.fromEntries(teacher.parameters.map(({ name, shape }) => [name, shape]))
    expect(shapes).toMatchObject({
      'tokens.embed.weight': [VOCABULARY, 8],
      'tokens.position.embedding': [TOKENS, 8],
      'block0.qkv.weight': [8, 24],
      'block0.out.weight': [8, 8],
      'block0.fc1.weight': [8, 6],
      'head.weight': [8, VOCABULARY],
    })
  })
})
