import type * as tf from '@tensorflow/tfjs'
import { oneOf } from './options/scalars.ts'

/**
 * The targets of rows: one class index each, int32 `[rows]`, or a share of every class or label, float32 `[rows, classes]`
 * (one-hot labels, mixtures of labels, several labels at once).
 */
export type Labels = tf.Tensor1D | tf.Tensor2D

/**
 * What the logits of a row are the parameters of: one choice out of all classes (softmax), or a yes or no for each
 * label by itself (sigmoid).
 */
export type Distribution = 'categorical' | 'bernoulli'

export const distributionKind = oneOf<Distribution>('categorical', 'bernoulli')
