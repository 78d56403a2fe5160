import * as tf from '@tensorflow/tfjs'
import type { Kernel } from '../kernel.ts'
import { webgpuKernel } from './kernel.ts'

interface Attributes {
  readonly axis: number
  readonly exclusive: boolean
  readonly reverse: boolean
}

/**
 * The stock shader that runs backwards has the length of the axis in its code but not in its key, so it is used again for
 * other lengths. Here x and the result are reversed instead.
 */
const forwards = (name: string): Kernel =>
  webgpuKernel<'x', Attributes>({
    name,
    problem: 'runs backwards over as many positions as the first tensor had that it was used for',
    create: (stock, backendName) => {
      const { kernelFunc: reverse } = tf.getKernel('Reverse', backendName)
      return (call) => {
        const { inputs, attrs, backend } = call
        if (!attrs.reverse) return stock!(call)
        const flip = (x: tf.TensorInfo) =>
          reverse({ inputs: { x }, attrs: { dims: [attrs.axis] }, backend }) as tf.TensorInfo
        const flipped = flip(inputs.x)
        const sums = stock!({ inputs: { x: flipped }, attrs: { ...attrs, reverse: false }, backend }) as tf.TensorInfo
        const result = flip(sums)
        for (const { dataId } of [flipped, sums]) backend.disposeData(dataId)
        return result
      }
    },
  })

export const cumsum = forwards('Cumsum')
export const cumprod = forwards('Cumprod')
