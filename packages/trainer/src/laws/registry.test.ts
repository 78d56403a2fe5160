import '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs'
import { createNetwork, listNetworks } from '@gpdjs/architectures'
import {
  apply,
  initializeParameters,
  initializeStatistics,
  mapRecord,
  randomStream,
  useBackend,
  type Network,
  type TensorRecord,
} from '@gpdjs/core'
import { extractStudent, studentView } from '@gpdjs/cbr-reparam'
import { expand, liftParameters, liftStatistics, teacherView } from '@gpdjs/ir-expansion'
import { beforeAll, describe, expect, it } from 'vitest'

const RATIO = 2
const SEED = 7
const CLASSES = 3
/** What batch norm keeps of its moving statistics. */
const MOMENTUM = 0.9

/** Sizes at which each kind of network has all its parts and little else. Maps stay large enough to normalize over. */
const SMALL: readonly (readonly [
  pattern: RegExp,
  sizes: { side: number; width: number; blocks: readonly number[] },
])[] = [
  [/^resnet(8|14|20|26|32|44|56|110)$/, { side: 16, width: 4, blocks: [1, 1, 2] }],
  [/^resnet(18|34|50|101|152)$/, { side: 64, width: 4, blocks: [1, 2, 1, 1] }],
  [/^wrn_/, { side: 16, width: 4, blocks: [1, 2, 1] }],
  [/^vgg(8|13)$/, { side: 16, width: 4, blocks: [1, 2, 1, 1, 1] }],
  [/^vgg(11|13|16|19)(_bn)?$/, { side: 64, width: 4, blocks: [1, 2, 1, 1, 1] }],
  [/^mobilenet_v1$/, { side: 64, width: 4, blocks: [1, 1, 1, 2, 1] }],
  [/^mobilenet_v2$/, { side: 64, width: 8, blocks: [1, 1, 2, 1, 1, 1, 1] }],
  [/^shufflenet_v2_/, { side: 64, width: 8, blocks: [2, 1, 2] }],
  [/^convnext_/, { side: 64, width: 4, blocks: [1, 1, 2, 1] }],
  [/^vit_l_16$/, { side: 64, width: 32, blocks: [2] }],
  [/^vit_b_/, { side: 64, width: 24, blocks: [2] }],
  [/^deit_/, { side: 32, width: 24, blocks: [2] }],
  [/^rvt_tiny$/, { side: 64, width: 12, blocks: [2, 1] }],
  [/^rvt_small$/, { side: 64, width: 12, blocks: [2] }],
  [/^mixer_/, { side: 64, width: 8, blocks: [2] }],
]

function small(name: string): Network {
  const sizes = SMALL.find(([pattern]) => pattern.test(name))?.[1]
  if (sizes === undefined) throw new Error(`no small size for '${name}'`)
  const { side, width, blocks } = sizes
  return createNetwork(name, { classes: CLASSES, inputShape: [side, side, 3], width, blocks })
}

const random = (shape: readonly number[], name: string, spread = 1) => {
  const stream = randomStream(SEED, 'test', name)
  const size = shape.reduce((product, n) => product * n, 1)
  return tf.tensor(
    Float32Array.from({ length: size }, () => spread * stream.normal()),
    [...shape],
  )
}

/** A student in which nothing is at its default, its expansion, the stored tensors, and images. */
function lifted(name: string, ratio = RATIO) {
  const network = small(name)
  const drawn = initializeParameters(network.parameters, SEED)
  const parameters = mapRecord(drawn, (tensor, key) => tf.add(tensor, random(tensor.shape, key, 0.05)))
  const x = random([4, ...network.inputShape], 'images')
  // Moments of these very images: with others signals fade from layer to layer, and a dead network keeps every law.
  const none = mapRecord(initializeStatistics(network.statistics), (tensor) => tf.zerosLike(tensor))
  const moved = apply(network, parameters, none, x, { training: true }).statistics
  const statistics = mapRecord(moved, (tensor) => tf.mul(tensor, 1 / (1 - MOMENTUM)))
  const expansion = expand(network, { ratio })
  const stored = liftParameters(expansion, parameters, { kind: 'zero-sum', deviation: 0.01 }, SEED)
  return { expansion, parameters, statistics, stored, x }
}

const values = (record: TensorRecord) => mapRecord(record, (tensor) => Array.from(tensor.dataSync()))

/** Largest difference, relative to the largest number expected. */
function distance(actual: tf.Tensor, expected: tf.Tensor): number {
  const gap = tf.max(tf.abs(tf.sub(actual, expected))).dataSync()[0]!
  return gap / tf.max(tf.abs(expected)).dataSync()[0]!
}

/** How much logits differ from image to image, relative to the largest. */
function contrast(logits: tf.Tensor2D): number {
  const spread = tf.max(tf.sub(tf.max(logits, 0), tf.min(logits, 0))).dataSync()[0]!
  return spread / tf.max(tf.abs(logits)).dataSync()[0]!
}

const inTidy = (check: () => void) => () =>
  tf.tidy(() => {
    check()
  })

beforeAll(async () => {
  await useBackend('wasm')
})

describe.each(listNetworks())('%s, small', (name) => {
  it(
    '1. is the student view of its dynamic teacher, bit for bit',
    inTidy(() => {
      const { expansion, parameters, stored } = lifted(name)
      expect(expansion.student.groups.length).toBeGreaterThan(0)
      expect(values(studentView(expansion, stored))).toEqual(values(parameters))
    }),
  )

  it.each(['evaluation', 'training'] as const)('2. computes what its dynamic teacher does, in %s mode', (mode) => {
    tf.tidy(() => {
      const { expansion, parameters, statistics, stored, x } = lifted(name)
      const training = mode === 'training'
      const student = apply(expansion.student, parameters, statistics, x, { training })
      const wide = liftStatistics(expansion, statistics)
      const teacher = apply(expansion.teacher, teacherView(expansion, stored), wide, x, { training })
      expect(contrast(student.logits), 'logits depend on the image').toBeGreaterThan(0.05)
      expect(distance(teacher.logits, student.logits)).toBeLessThan(1e-5)
      const moved = training ? liftStatistics(expansion, student.statistics) : {}
      expect(Object.keys(teacher.statistics).sort()).toEqual(Object.keys(moved).sort())
      for (const [key, tensor] of Object.entries(moved))
        expect(distance(teacher.statistics[key]!, tensor), key).toBeLessThan(1e-5)
    })
  })

  it(
    '3. is its own dynamic teacher with ratio 1',
    inTidy(() => {
      const { expansion, parameters, stored } = lifted(name, 1)
      expect(values(teacherView(expansion, stored))).toEqual(values(parameters))
      expect(expansion.teacher.parameters).toEqual(expansion.student.parameters)
    }),
  )

  it(
    '4. gives the same logits when it is extracted, to the last bit',
    inTidy(() => {
      const { expansion, statistics, stored, x } = lifted(name)
      const trained = mapRecord(stored, (tensor, key) => tf.add(tensor, random(tensor.shape, `step ${key}`, 0.02)))
      const deployed = extractStudent(expansion, trained, statistics)
      const view = studentView(expansion, trained)
      const inTraining = apply(expansion.student, view, statistics, x, { training: false }).logits
      const plain = apply(deployed.network, deployed.parameters, deployed.statistics, x, { training: false }).logits
      expect(Array.from(plain.dataSync())).toEqual(Array.from(inTraining.dataSync()))
      expect(Array.from(plain.dataSync()).every(Number.isFinite)).toBe(true)
    }),
  )
})
