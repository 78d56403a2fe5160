import * as tf from '@tensorflow/tfjs'
import { tensorflowKernel } from './kernel.ts'
import { execute } from './tensorflow-backend.ts'

interface Attributes {
  readonly shape: readonly number[]
}

const shapeOf = (x: tf.TensorInfo, { shape }: Attributes): number[] =>
  tf.util.inferFromImplicitShape([...shape], tf.util.sizeFromShape(x.shape))

/** To another shape, where that is one. */
export const reshape = tensorflowKernel<'x', Attributes>({
  name: 'Reshape',
  problem: 'makes a tensor of the shape each time, which takes longer than the rest',
  needsOwnOperations: true,
  create: (stock) => (call) => {
    const { inputs, attrs, backend } = call
    if (stock !== undefined && inputs.x.dtype !== 'float32') return stock(call)
    const ints = { shape: shapeOf(inputs.x, attrs) }
    return execute(backend, { name: 'GpdReshape', inputs: [inputs.x], ints })[0]!
  },
})

/** Shares the numbers, as Identity does. */
export const reshapeToItself = tensorflowKernel<'x', Attributes>({
  name: 'Reshape',
  problem: 'a reshape to the shape that a tensor has already runs an operation; gradients are full of them',
  create: (stock) => (call) => {
    const { x } = call.inputs
    if (stock !== undefined && !tf.util.arraysEqual(x.shape, shapeOf(x, call.attrs))) return stock(call)
    call.backend.incRef(x.dataId)
    return { dataId: x.dataId, shape: x.shape, dtype: x.dtype }
  },
})
