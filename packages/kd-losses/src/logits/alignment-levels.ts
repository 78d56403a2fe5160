import * as tf from '@tensorflow/tfjs'
import { withoutTape } from '@gpdjs/core'
import { weighted } from '../support/log-space.ts'

/** Logits of both networks for one view of the images. */
export interface LogitView {
  /** `[batch, classes]` */
  readonly student: tf.Tensor
  /** `[batch, classes]`; no gradient flows into them */
  readonly teacher: tf.Tensor
}

/** Which images `[batch, 1]` and which classes `[1, classes]` count: 1 or 0. */
export interface Selection {
  readonly images: tf.Tensor2D
  readonly classes: tf.Tensor2D
}

/** The mean of the two middle values for an even number of them. */
function median(values: tf.Tensor1D): tf.Scalar {
  const [size] = values.shape
  const { values: sorted } = tf.topk(values, size)
  const middle = tf.slice(sorted, [Math.floor((size - 1) / 2)], [size % 2 === 0 ? 2 : 1])
  return tf.mean(middle)
}

const atMostMedian = (values: tf.Tensor1D): tf.Tensor1D =>
  tf.cast(tf.lessEqual<tf.Tensor1D>(values, median(values)), 'float32')

export const everything = ({ teacher }: LogitView): Selection => ({
  images: tf.ones([teacher.shape[0]!, 1]),
  classes: tf.ones([1, teacher.shape[1]!]),
})

/** Images of which the teacher is less certain than of half of the batch, classes that it expects less than half of them. */
export function leastCertain({ teacher }: LogitView): Selection {
  return {
    images: withoutTape(() => tf.expandDims(atMostMedian(tf.max(tf.softmax(teacher), 1)), 1) as tf.Tensor2D),
    classes: withoutTape(() => tf.expandDims(atMostMedian(tf.sum(tf.softmax(teacher), 0)), 0) as tf.Tensor2D),
  }
}

const squared = (x: tf.Tensor): tf.Scalar => tf.sum(tf.square(x))

/** The three terms of one view at one temperature; rows and columns that are not selected are left out of the sums and counts. */
export function levels({ student, teacher }: LogitView, { images, classes }: Selection, temperature: number) {
  const ls = tf.logSoftmax(tf.div(student, temperature))
  const lt = withoutTape(() => tf.logSoftmax(tf.div(teacher, temperature)))
  const pt = withoutTape(() => tf.exp(lt))
  const [rows, columns] = [withoutTape(() => tf.sum(images)), withoutTape(() => tf.sum(classes))]
  const gram = (p: tf.Tensor2D, byClass: boolean) => tf.matMul(p, p, byClass, !byClass)
  const misfit = (mask: tf.Tensor, byClass: boolean) =>
    squared(
      tf.sub(
        gram(tf.mul(tf.exp(ls), mask), byClass),
        withoutTape(() => gram(tf.mul(pt, mask), byClass)),
      ),
    )
  const divergence = tf.sum(weighted(tf.mul(pt, images), tf.sub(lt, ls)))
  return {
    instance: tf.div(tf.mul(divergence, temperature ** 2), rows) as tf.Scalar,
    batch: tf.div(misfit(images, false), rows) as tf.Scalar,
    class: tf.div(misfit(classes, true), columns) as tf.Scalar,
  }
}
