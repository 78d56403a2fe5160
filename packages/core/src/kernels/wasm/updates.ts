import type * as tf from '@tensorflow/tfjs'
import { wasmKernel } from './kernel.ts'
import { simd } from './simd/module.ts'
import { MOMENTUM_FACTORS } from './simd/momentum-update.ts'
import { sizeOf, withScratch, zeros } from './wasm-backend.ts'

/** Floats that one row of the vector function takes; any tensor is seen as rows of these, and a rest. */
const ROW = 16

export const globalNorm = wasmKernel({
  name: 'GlobalNorm',
  defect: 'slow',
  repairs: 'squares and sums every tensor by operations of its own',
  create:
    () =>
    ({ inputs, backend }) =>
      withScratch(backend, (scratch) => {
        const means = scratch(zeros(backend, [ROW]))
        const sums = scratch(zeros(backend, [ROW]))
        const [meansStart, sumsStart] = [means, sums].map(({ dataId }) => backend.getMemoryOffset(dataId))
        const { centeredSquares } = simd(backend)
        let total = 0
        for (const { dataId, shape } of Object.values(inputs)) {
          const [start, size] = [backend.getMemoryOffset(dataId), sizeOf(shape)]
          const rest = size % ROW
          backend.typedArrayFromHeap(sums).fill(0)
          centeredSquares(start, 4 * ROW, meansStart!, sumsStart!, (size - rest) / ROW, ROW)
          if (rest > 0) centeredSquares(start + 4 * (size - rest), 4 * rest, meansStart!, sumsStart!, 1, rest)
          for (const sum of backend.typedArrayFromHeap(sums)) total += sum
        }
        const norm = backend.makeOutput([], 'float32')
        backend.typedArrayFromHeap(norm)[0] = Math.sqrt(total)
        return norm
      }),
})

type Factors = Readonly<Record<(typeof MOMENTUM_FACTORS)[number], number>>

/** @param settings learning rate, momentum, whether nesterov, whether the decay is decoupled */
function factorsOf([rate, momentum, nesterov, decoupled]: readonly number[], scale: number, decay: number): Factors {
  const coupled = decoupled ? 0 : decay
  return {
    scale,
    decay: coupled,
    momentum: momentum!,
    ofVelocity: rate! * (nesterov ? momentum! : 1),
    ofGradient: nesterov ? rate! * scale : 0,
    ofParameter: rate! * ((decoupled ? decay : 0) + (nesterov ? coupled : 0)),
  }
}

export const momentumUpdate = wasmKernel({
  name: 'MomentumUpdate',
  defect: 'slow',
  repairs: 'updates every parameter by some seven operations of its own',
  create:
    () =>
    ({ inputs, backend }) => {
      const { settings, scale, decays, ...lists } = inputs as Record<string, tf.TensorInfo>
      const [numbers, [scaling], weightDecays] = [settings!, scale!, decays!].map((info) =>
        Array.from(backend.typedArrayFromHeap(info)),
      ) as [number[], [number], number[]]
      const tensors = Object.values(lists)
      const count = tensors.length / 3
      const [gradients, parameters, velocities] = [0, 1, 2].map((list) =>
        tensors.slice(list * count, (list + 1) * count),
      ) as [tf.TensorInfo[], tf.TensorInfo[], tf.TensorInfo[]]
      const made = [...parameters, ...velocities].map(({ shape }) => backend.makeOutput([...shape], 'float32'))
      const factors = backend.makeOutput([MOMENTUM_FACTORS.length], 'float32')
      const start = ({ dataId }: tf.TensorInfo) => backend.getMemoryOffset(dataId)
      const { momentumUpdate: update } = simd(backend)
      parameters.forEach((parameter, i) => {
        const named = factorsOf(numbers, scaling, weightDecays[i]!)
        backend.typedArrayFromHeap(factors).set(MOMENTUM_FACTORS.map((name) => named[name]))
        const addresses = [factors, gradients[i]!, parameter, velocities[i]!, made[i]!, made[count + i]!].map(start)
        update(...addresses, sizeOf(parameter.shape))
      })
      backend.disposeData(factors.dataId)
      return made
    },
})
