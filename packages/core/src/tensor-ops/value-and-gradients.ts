import * as tf from '@tensorflow/tfjs'
import { mapRecord, type TensorRecord } from './tensor-record.ts'

/**
 * Value and gradients of a scalar function of named tensors.
 *
 * Unlike `tf.valueAndGrads` it takes and returns records, accepts tensors that the value does not depend on (their
 * gradient is absent), and lets the function hand out intermediate tensors: keep them (`tf.keep`) inside `f`.
 *
 * @example
 * const { value, gradients } = valueAndGradients(({ w }) => tf.sum(tf.square(w)), { w })
 */
export function valueAndGradients<N extends string>(
  f: (variables: Readonly<Record<N, tf.Tensor>>) => tf.Scalar,
  variables: Readonly<Record<N, tf.Tensor>>,
): { value: tf.Scalar; gradients: Partial<Record<N, tf.Tensor>> } {
  const names = Object.keys(variables) as N[]
  return tf.tidy(() => {
    const { value, grads } = tf.engine().gradients(
      () => f(variables),
      names.map((name) => variables[name]),
      undefined,
      true,
    )
    const found = names.map((name, i) => [name, grads[i]] as const).filter(([, gradient]) => gradient != null)
    return { value: value as tf.Scalar, gradients: Object.fromEntries(found) as unknown as Record<N, tf.Tensor> }
  })
}

/** Gradients for every variable: zeros for those that the value does not depend on. */
export function denseGradients(gradients: Partial<TensorRecord>, variables: TensorRecord): Record<string, tf.Tensor> {
  return mapRecord(variables, (variable, name) => gradients[name] ?? tf.zerosLike(variable))
}
