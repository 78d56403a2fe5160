import * as tf from '@tensorflow/tfjs'
import { createNetwork } from '@gpdjs/architectures'
import {
  apply,
  initializeParameters,
  initializeStatistics,
  mapRecord,
  randomStream,
  type Network,
  type TensorRecord,
} from '@gpdjs/core'

export const SEED = 7
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

export const random = (shape: readonly number[], name: string, spread = 1) => {
  const stream = randomStream(SEED, 'test', name)
  const size = shape.reduce((product, n) => product * n, 1)
  return tf.tensor(
    Float32Array.from({ length: size }, () => spread * stream.normal()),
    [...shape],
  )
}

/** A student in which nothing is at its default, and images. */
export function smallStudent(name: string) {
  const network = small(name)
  const drawn = initializeParameters(network.parameters, SEED)
  const parameters = mapRecord(drawn, (tensor, key) => tf.add(tensor, random(tensor.shape, key, 0.05)))
  const x = random([4, ...network.shapes['image']!], 'images')
  // Moments of these very images: with others signals fade from layer to layer, and a dead network keeps every law.
  const none = mapRecord(initializeStatistics(network.statistics), (tensor) => tf.zerosLike(tensor))
  const moved = apply({ network, parameters, statistics: none }, x, { training: true }).statistics
  const statistics = mapRecord(moved, (tensor) => tf.mul(tensor, 1 / (1 - MOMENTUM)))
  return { network, parameters, statistics, x }
}

export const values = (record: TensorRecord) => mapRecord(record, (tensor) => Array.from(tensor.dataSync()))

/** Largest difference, relative to the largest number expected. */
export function distance(actual: tf.Tensor, expected: tf.Tensor): number {
  const gap = tf.max(tf.abs(tf.sub(actual, expected))).dataSync()[0]!
  return gap / tf.max(tf.abs(expected)).dataSync()[0]!
}

/** How much logits differ from image to image, relative to the largest. */
export function contrast(logits: tf.Tensor): number {
  const spread = tf.max(tf.sub(tf.max(logits, 0), tf.min(logits, 0))).dataSync()[0]!
  return spread / tf.max(tf.abs(logits)).dataSync()[0]!
}
