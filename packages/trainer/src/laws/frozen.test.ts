import * as tf from '@tensorflow/tfjs'
import { useBackend } from '@gpdjs/backends'
import {
  apply,
  freeze,
  initializeParameters,
  initializeStatistics,
  mapRecord,
  randomStream,
  sizeOf,
  type Fields,
  type Network,
  type TensorRecord,
} from '@gpdjs/core'
import { studentView } from '@gpdjs/cbr-reparam'
import { inverseReparameterization, lowRank, orepa } from '@gpdjs/ir-expansion'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { sgd } from '../optimizers/sgd.ts'
import { buildPipeline } from '../pipeline/pipeline.ts'
import { dynamicTeacher } from '../plugins/dynamic-teacher.ts'
import { extractActor } from '../extract.ts'
import { trainingStep } from '../step.ts'
import { initialState } from '../training-state.ts'
import { buildRecipe, networkRecipe } from './random-network.ts'
import { fieldMachine, tableRecipe } from './random-tables.ts'
import { textEncoder, textRecipe } from './random-texts.ts'

const KINDS = {
  images: networkRecipe.map(buildRecipe),
  tables: tableRecipe.map(fieldMachine),
  texts: textRecipe.map(textEncoder),
} as const satisfies Record<string, fc.Arbitrary<Network>>

const BRANCHES = {
  none: undefined,
  orepa: orepa({ gates: 'single' }),
  lowRank: lowRank({ rank: 2 }),
} as const

/** A random network with random nodes frozen, one of its nodes with parameters at least, and one not. */
const settingsOf = (networks: fc.Arbitrary<Network>) =>
  fc.record({
    plain: networks,
    chosen: fc.infiniteStream(fc.boolean()),
    ratio: fc.integer({ min: 1, max: 4 }),
    parameterization: fc.constantFrom('reference' as const, 'balanced' as const),
    branches: fc.constantFrom(...(Object.keys(BRANCHES) as (keyof typeof BRANCHES)[])),
    seed: fc.integer(),
  })
type Setting = ReturnType<typeof settingsOf> extends fc.Arbitrary<infer T> ? T : never

const random = (shape: readonly number[], seed: number, name: string, spread = 1) => {
  const stream = randomStream(seed, 'test', name)
  return tf.tensor(
    Float32Array.from({ length: sizeOf(shape) }, () => spread * stream.normal()),
    [...shape],
  )
}

/** Four samples of whatever a network reads. */
function fieldsOf({ inputs }: Network, seed: number): Fields {
  return mapRecord(inputs, ({ shape, dtype, size = 2 }, name) => {
    if (name === 'mask') return tf.ones([4, ...shape])
    if (dtype === 'float32') return random([4, ...shape], seed, name)
    const stream = randomStream(seed, 'test', name)
    const entries = Int32Array.from({ length: 4 * sizeOf(shape) }, () => Math.floor(size * stream.uniform()))
    return tf.tensor(entries, [4, ...shape], 'int32')
  })
}

function frozenNetwork({ plain, chosen }: Setting): Network {
  const owners = [...new Set(plain.parameters.map(({ node }) => node))]
  const picked = owners.filter((owner, i) => i > 0 && (i === owners.length - 1 || chosen.next().value))
  return freeze(plain, picked)
}

const frozenNames = ({ parameters }: Network) =>
  parameters.flatMap(({ name, trainable }) => (trainable === false ? [name] : []))

const expanderOf = ({ ratio, parameterization, branches }: Setting, kind: 'zero-sum' | 'iid' = 'zero-sum') =>
  inverseReparameterization({
    ratio,
    parameterization,
    ...(BRANCHES[branches] && { branches: BRANCHES[branches] }),
    noise: { kind, deviation: 0.01 },
  })

function randomTensors({ parameters, statistics }: Network, seed: number) {
  const drawn = initializeParameters(parameters, seed)
  return {
    parameters: mapRecord(drawn, (tensor, name) => tf.add(tensor, random(tensor.shape, seed, name, 0.2))),
    statistics: initializeStatistics(statistics),
  }
}

const values = (record: TensorRecord, names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, Array.from(record[name]!.dataSync())]))

function distance(actual: tf.Tensor, expected: tf.Tensor): number {
  const gap = tf.max(tf.abs(tf.sub(actual, expected))).dataSync()[0]!
  return gap / (1 + tf.max(tf.abs(expected)).dataSync()[0]!)
}

beforeAll(async () => {
  await useBackend('cpu')
})

describe.each(Object.entries(KINDS))('frozen nodes of random networks of %s', (_, networks) => {
  const check = (property: (given: Setting) => void) =>
    fc.assert(
      fc.property(settingsOf(networks), (given) => {
        tf.tidy(() => property(given))
      }),
      { numRuns: 30, seed: 20241, endOnFailure: true },
    )

  it.each(['zero-sum', 'iid'] as const)('are read back to the last bit at every ratio, with %s noise', (kind) => {
    check((given) => {
      const network = frozenNetwork(given)
      const { parameters } = randomTensors(network, given.seed)
      const expander = expanderOf(given, kind)
      const expansion = expander.expand(network)
      const stored = expander.lift(expansion, parameters, given.seed)
      const names = frozenNames(network)
      expect(names.length).toBeGreaterThan(0)
      expect(values(studentView(expansion, stored), names)).toEqual(values(parameters, names))
    })
  })

  it('are stored as constants, without branches, and all others as before', () => {
    check((given) => {
      const network = frozenNetwork(given)
      const frozen = new Set(frozenNames(network))
      // Functions that make constants are other ones each time.
      const [marked, plain] = [network, given.plain].map((each) =>
        expanderOf(given)
          .expand(each)
          .stored.map(({ values: made, ...stored }) => ({ ...stored, isMade: made !== undefined })),
      )
      const own = marked!.filter(({ name }) => frozen.has(name))
      expect(own.map(({ name }) => name).sort()).toEqual([...frozen].sort())
      expect(own.every(({ trainable }) => !trainable)).toBe(true)
      const frozenNodes = new Set(own.map(({ node }) => node))
      const others = (stored: typeof own) => stored.filter(({ node }) => !frozenNodes.has(node))
      expect(marked!.filter(({ node }) => frozenNodes.has(node))).toEqual(own)
      expect(others(marked!)).toEqual(others(plain!))
    })
  })

  it.each([false, true])('compute the same in student and dynamic teacher, in training mode: %s', (training) => {
    check((given) => {
      const network = frozenNetwork(given)
      const { parameters, statistics } = randomTensors(network, given.seed)
      const expander = expanderOf(given)
      const expansion = expander.expand(network)
      const stored = expander.lift(expansion, parameters, given.seed)
      const x = fieldsOf(network, given.seed)
      const student = apply({ network: expansion.student, parameters: studentView(expansion, stored), statistics }, x, {
        training,
      })
      const wide = expander.liftStatistics(expansion, statistics)
      const teacher = apply(
        { network: expansion.teacher, parameters: expander.teacherView(expansion, stored), statistics: wide },
        x,
        { training },
      )
      for (const [name, output] of Object.entries(student.outputs))
        expect(distance(teacher.outputs[name]!, output)).toBeLessThan(3e-5)
    })
  })
})

it('do not move in steps beside a dynamic teacher, in either network; all others do', () => {
  const images = settingsOf(KINDS.images)
  fc.assert(
    fc.property(images, (given) => {
      tf.tidy(() => {
        const network = frozenNetwork(given)
        const { parameters, statistics } = randomTensors(network, given.seed)
        const optimizer = sgd({ learningRate: 0.05, momentum: 0.9, weightDecay: 0.1, decay: 'all' })
        const plugins = dynamicTeacher({ expander: expanderOf(given) })
        const pipeline = buildPipeline({ student: network, parameters, statistics, plugins, seed: 1 })
        const fields = { ...fieldsOf(network, given.seed), label: tf.tensor1d([0, 1, 2, 0], 'int32') }
        const scalars = { totalSteps: 2, weights: Object.fromEntries(pipeline.terms.map(({ name }) => [name, 1])) }
        const start = initialState(pipeline, optimizer)
        let state = start
        for (let step = 0; step < 2; step++)
          ({ state } = trainingStep(pipeline, optimizer, state, [{ fields }], scalars))
        const frozen = frozenNames(network)
        for (const actor of ['student', 'dynamic-teacher']) {
          const [before, after] = [start, state].map((at) => extractActor(pipeline, at, actor).parameters)
          expect(values(after!, frozen)).toEqual(values(before!, frozen))
          // Some gradients are 0 by chance (a dead ReLU), but weight decay moves those too, if they are not 0 themselves.
          for (const { name } of network.parameters.filter(({ name }) => !frozen.includes(name)))
            if (tf.max(tf.abs(before![name]!)).dataSync()[0]! > 0)
              expect(values(after!, [name]), name).not.toEqual(values(before!, [name]))
        }
        const student = extractActor(pipeline, state).parameters
        expect(values(student, frozen)).toEqual(values(parameters, frozen))
      })
    }),
    { numRuns: 15, seed: 20241, endOnFailure: true },
  )
})
