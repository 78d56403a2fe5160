import * as tf from '@tensorflow/tfjs'
import { GpdError } from '../errors.ts'
import { backwardPass } from './backward-pass.ts'
import { canRecord, record } from './tape.ts'
import { mapRecord, type TensorRecord } from './tensor-record.ts'

type ValueAndGradients = { value: tf.Tensor; grads: readonly (tf.Tensor | null | undefined)[] }

/** By our own backward pass where the tape is known, by the engine's elsewhere and for gradients inside of gradients. */
function differentiate(f: () => tf.Tensor, xs: tf.Tensor[]): ValueAndGradients {
  if (!canRecord()) return tf.engine().gradients(f, xs, undefined, true)
  const { value, tape } = record(f)
  return { value, grads: backwardPass(tape, value, xs) }
}

function asScalar(value: tf.Tensor): tf.Tensor {
  if (value.rank === 0) return value
  const problem = `valueAndGradients: expected a function that returns a scalar, got [${value.shape.join(', ')}].`
  throw new GpdError('network.shape', problem, 'Return tf.sum or tf.mean of it.')
}

/**
 * Value and gradients of a scalar function of named tensors.
 *
 * Unlike `tf.valueAndGrads` it takes and returns records, accepts tensors that the value does not depend on (their
 * gradient is absent), and the function may return intermediate tensors by other ways: keep them (`tf.keep`) inside `f`.
 * What a gradient needs is freed once the gradient is computed, and everything if `f` or a gradient throws.
 *
 * @param f returns a scalar
 * @throws GpdError `network.shape` for another result than a scalar, `backend.unsupported` for an operation without gradient,
 * `plugin.invalid` for a gradient that does not have the shape of its tensor
 *
 * @example
 * const { value, gradients } = valueAndGradients(({ w }) => tf.sum(tf.square(w)), { w: tf.tensor1d([1, 2]) })
 */
export function valueAndGradients<N extends string>(
  f: (variables: Readonly<Record<N, tf.Tensor>>) => tf.Tensor,
  variables: Readonly<Record<N, tf.Tensor>>,
): { value: tf.Scalar; gradients: Partial<Record<N, tf.Tensor>> } {
  const names = Object.keys(variables) as N[]
  return tf.tidy(() => {
    const { value, grads } = differentiate(
      () => asScalar(f(variables)),
      names.map((name) => variables[name]),
    )
    const found = names.map((name, i) => [name, grads[i]] as const).filter(([, gradient]) => gradient != null)
    return { value: value as tf.Scalar, gradients: Object.fromEntries(found) as unknown as Record<N, tf.Tensor> }
  })
}

/** Gradients for every variable: zeros for those that the value does not depend on. */
export function denseGradients(gradients: Partial<TensorRecord>, variables: TensorRecord): Record<string, tf.Tensor> {
  return mapRecord(variables, (variable, name) => gradients[name] ?? tf.zerosLike(variable))
}
