import * as tf from '@tensorflow/tfjs'
import { compose, portableKernel } from './compose.ts'

/** `max(x, 0) + alpha · min(x, 0)`, unless alpha has the last axes of x as they are, which the stock kernel can do. */
export const prelu = portableKernel<'x' | 'alpha'>({
  name: 'Prelu',
  problem: 'is silently wrong when it has to broadcast along other axes than the first ones',
  create: (stock, backendName) => (call) => {
    const { x, alpha } = call.inputs
    const last = x.shape.slice(x.shape.length - alpha.shape.length)
    if (tf.util.arraysEqual(last, alpha.shape)) return stock!(call)
    return compose(backendName, call.backend, (run) => {
      const zero = run('ZerosLike', { x })
      const positive = run('Maximum', { a: x, b: zero })
      const negative = run('Minimum', { a: x, b: zero })
      return run('Add', { a: positive, b: run('Multiply', { a: negative, b: alpha }) })
    })
  },
})
