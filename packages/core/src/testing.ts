import * as tf from '@tensorflow/tfjs'
import type { Network } from './network/network.ts'
import { randomStream } from './random/random-stream.ts'
import { sizeOf } from './shape.ts'

/** Tensors in which no factor is 1 and no summand 0, so that forgetting one shows; variances are positive. */
export function sampleTensors(
  network: Network,
  seed = 3,
): { parameters: Record<string, tf.Tensor>; statistics: Record<string, tf.Tensor> } {
  const draw = ({ name, shape }: { readonly name: string; readonly shape: readonly number[] }) => {
    const stream = randomStream(seed, name)
    const size = sizeOf(shape)
    const value = name.endsWith('.running_var')
      ? () => 0.5 + Math.abs(stream.normal())
      : () => 0.1 + 0.3 * stream.normal()
    return [name, tf.tensor(Float32Array.from({ length: size }, value), [...shape])] as const
  }
  return {
    parameters: Object.fromEntries(network.parameters.map(draw)),
    statistics: Object.fromEntries(network.statistics.map(draw)),
  }
}
