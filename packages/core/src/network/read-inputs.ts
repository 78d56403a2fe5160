import * as tf from '@tensorflow/tfjs'
import { GpdError } from '../errors.ts'
import { describeField, type Fields } from '../fields.ts'
import { soleInput } from './ends.ts'
import type { Network } from './network.ts'
import type { Step } from './plan.ts'

/**
 * The inputs that are read, by name.
 *
 * @param given further fields are ignored; a bare tensor is the only input
 * @param wanted what is returned: that may be an input itself
 * @throws GpdError `network.shape` naming input, expected and found; `network.invalid` for a bare tensor among several
 */
export function readInputs(
  network: Network,
  given: tf.Tensor | Fields,
  plan: readonly Step[],
  wanted: ReadonlySet<string>,
): Map<string, tf.Tensor> {
  const fields = given instanceof tf.Tensor ? { [soleInput(network, 'apply, given one tensor')[0]]: given } : given
  const read = new Set([...wanted, ...plan.flatMap(({ inputs }) => inputs)])
  const names = Object.keys(network.inputs).filter((name) => read.has(name))
  return new Map(
    names.map((name) => {
      const [spec, tensor] = [network.inputs[name]!, fields[name]]
      const fits = tensor?.dtype === spec.dtype && tensor.shape.slice(1).join() === spec.shape.join()
      if (tensor !== undefined && tensor.rank > 0 && fits) return [name, tensor]
      const found =
        tensor === undefined
          ? `only ${Object.keys(fields).join(', ') || 'nothing'}`
          : `${tensor.dtype} [${tensor.shape.join(', ')}]`
      throw new GpdError(
        'network.shape',
        `apply: network '${network.name}' reads '${name}': expected ${describeField(spec)}, got ${found}.`,
      )
    }),
  )
}
