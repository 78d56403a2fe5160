import * as tf from '@tensorflow/tfjs'
import { compose, portableKernel } from './compose.ts'

interface Attributes {
  readonly begin: number[]
  readonly end: number[]
  readonly strides: number[]
  readonly beginMask: number
  readonly endMask: number
  readonly ellipsisMask: number
  readonly newAxisMask: number
  readonly shrinkAxisMask: number
}

/** Takes slices of one instead of entries, and drops their axes afterwards. */
export const stridedSlice = portableKernel<'x', Attributes>({
  name: 'StridedSlice',
  problem: 'reads wrong positions when it drops an axis and another one has a stride',
  create: (stock, backendName) => (call) => {
    const {
      inputs: { x },
      attrs: at,
      backend,
    } = call
    if (at.shrinkAxisMask === 0) return stock!(call)
    const { finalShape } = tf.slice_util.sliceInfo(
      x.shape,
      at.begin,
      at.end,
      at.strides,
      at.beginMask,
      at.endMask,
      at.ellipsisMask,
      at.newAxisMask,
      at.shrinkAxisMask,
    )
    const drops = at.begin.map((_, axis) => (at.shrinkAxisMask & (1 << axis)) !== 0)
    const lastDropped = drops.reduce(
      (mask, isDropped, axis) => mask | (isDropped && at.begin[axis] === -1 ? 1 << axis : 0),
      0,
    )
    const kept: Attributes = {
      ...at,
      end: at.end.map((end, axis) => (drops[axis] ? at.begin[axis]! + 1 : end)),
      beginMask: at.beginMask & ~at.shrinkAxisMask,
      endMask: (at.endMask & ~at.shrinkAxisMask) | lastDropped,
      shrinkAxisMask: 0,
    }
    return compose(backendName, backend, (run) =>
      run('Reshape', { x: run('StridedSlice', { x }, kept) }, { shape: finalShape }),
    )
  },
})
