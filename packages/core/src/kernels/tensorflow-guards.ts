import * as tf from '@tensorflow/tfjs'
import { GpdError } from '../errors.ts'
import { replaceKernel } from './replace-kernel.ts'

/** A kernel of tfjs-node that gets other attributes, or whose failure is put in words. */
export interface TensorflowGuard {
  readonly name: string
  /** What is wrong without it, one line. */
  readonly repairs: string
  readonly outcome: 'repaired' | 'refused'
  create(stock: tf.KernelFunc): tf.KernelFunc
}

const isDilated = (attrs: tf.NamedAttrMap | undefined) => [attrs?.['dilations'] ?? 1].flat().some((rate) => rate !== 1)

/** TensorFlow itself refuses, on a CPU, and tfjs-node reports a number. */
const refusedIfDilated = (name: string): TensorflowGuard => ({
  name,
  repairs: 'fails with a status number when the filter is dilated',
  outcome: 'refused',
  create: (stock) => (call) => {
    try {
      return stock(call)
    } catch (cause) {
      if (!isDilated(call.attrs)) throw cause
      throw new GpdError(
        'backend.unsupported',
        `tensorflow: TensorFlow did not run ${name} with dilations ${JSON.stringify(call.attrs!['dilations'])}.`,
        "Put zeros between the taps of the filter, or use the backend 'wasm'.",
        { cause },
      )
    }
  },
})

const gatherAxis: TensorflowGuard = {
  name: 'GatherV2',
  repairs: 'throws for a negative axis',
  outcome: 'repaired',
  create:
    (stock) =>
    ({ inputs, attrs, backend }) => {
      const axis = tf.util.parseAxisParam(attrs!['axis'] as number, inputs['x']!.shape)[0]!
      return stock({ inputs, attrs: { ...attrs, axis }, backend })
    },
}

interface Strided {
  readonly strides: number | [number, number]
  readonly pad: unknown
  readonly filterShape: [number, number, number, number]
}

/** A filter of one tap reads every `stride`-th position and no padding: those alone, without stride, have its gradient. */
const singleTapFilterGradient = (name: string): TensorflowGuard => ({
  name,
  repairs: 'is silently wrong in TensorFlow 2.21 with oneDNN for some filters of one tap with a stride',
  outcome: 'repaired',
  create:
    (stock) =>
    ({ inputs, attrs, backend }) => {
      const { strides, pad, filterShape } = attrs as unknown as Strided
      const [down, across] = typeof strides === 'number' ? [strides, strides] : strides
      const isSingle = filterShape[0] === 1 && filterShape[1] === 1 && typeof pad === 'string'
      if (!isSingle || (down === 1 && across === 1)) return stock({ inputs, attrs: attrs!, backend })
      const x = inputs['x']!
      const { kernelFunc: take } = tf.getKernel('StridedSlice', 'tensorflow')
      const every = { begin: [0, 0, 0, 0], end: x.shape, strides: [1, down, across, 1] }
      const masks = { beginMask: 0, endMask: 0, ellipsisMask: 0, newAxisMask: 0, shrinkAxisMask: 0 }
      const read = take({ inputs: { x }, attrs: { ...every, ...masks }, backend }) as tf.TensorInfo
      const gradient = stock({ inputs: { ...inputs, x: read }, attrs: { ...attrs, strides: 1, pad: 'valid' }, backend })
      ;(backend as tf.KernelBackend).disposeData(read.dataId)
      return gradient
    },
})

export const tensorflowGuards: readonly TensorflowGuard[] = [
  refusedIfDilated('Conv3D'),
  gatherAxis,
  singleTapFilterGradient('Conv2DBackpropFilter'),
  // With a single channel TensorFlow runs the kernel above.
  singleTapFilterGradient('DepthwiseConv2dNativeBackpropFilter'),
]

let isGuarded = false

/** The backend must be registered, with its own kernels; doing it twice changes nothing. */
export function guardTensorflow(): void {
  if (isGuarded) return
  isGuarded = true
  for (const { name, create } of tensorflowGuards) replaceKernel('tensorflow', name, (stock) => create(stock!))
}
