import * as tf from '@tensorflow/tfjs'
import { webgpuKernel, type WebgpuKernel } from './kernel.ts'

interface Attributes {
  readonly axis: number
  readonly exclusive: boolean
  readonly reverse: boolean
}

/**
 * The stock shader that runs backwards has the length of the axis in its code but not in its key, so it is used again for
 * other lengths. Here x and the result are reversed instead.
 */
const forwards = (name: string): WebgpuKernel =>
  webgpuKernel<{ readonly x: tf.TensorInfo }, Attributes>({
    name,
    repairs: 'runs backwards over as many positions as the first tensor had that it was used for',
    create: (stock) => {
      const reverse = tf.getKernel('Reverse', 'webgpu').kernelFunc as unknown as typeof stock
      return ({ inputs: { x }, attrs, backend }) => {
        if (!attrs.reverse) return stock({ inputs: { x }, attrs, backend })
        const flip = (input: tf.TensorInfo) =>
          reverse({ inputs: { x: input }, attrs: { dims: [attrs.axis] } as never, backend })
        const flipped = flip(x)
        const sums = stock({ inputs: { x: flipped }, attrs: { ...attrs, reverse: false }, backend })
        const result = flip(sums)
        for (const { dataId } of [flipped, sums]) backend.disposeData(dataId)
        return result
      }
    },
  })

export const cumsum = forwards('Cumsum')
export const cumprod = forwards('Cumprod')
