import { sizeOf } from '@gpdjs/core'
import { extraWasmKernel } from './kernel.ts'
import { simd } from './simd/module.ts'
import { MOMENTUM_FACTORS } from './simd/momentum-update.ts'
import { addressesOf, withScratch, zeros } from './wasm-backend.ts'

/** Floats of one row of the vector function: a tensor is computed as rows of so many, and one shorter row. */
const ROW = 16

export const globalNorm = extraWasmKernel(
  'GlobalNorm',
  'squares and sums every tensor by operations of its own',
  ({ inputs: { tensors }, backend }) =>
    withScratch(backend, (scratch) => {
      const [means, sums] = [scratch(zeros(backend, [ROW])), scratch(zeros(backend, [ROW]))]
      const [meansStart, sumsStart] = addressesOf(backend, means, sums)
      const { centeredSquares } = simd(backend)
      let total = 0
      for (const tensor of tensors) {
        const [[start], size] = [addressesOf(backend, tensor), sizeOf(tensor.shape)]
        const rest = size % ROW
        backend.typedArrayFromHeap(sums).fill(0)
        centeredSquares(start, 4 * ROW, meansStart, sumsStart, (size - rest) / ROW, ROW)
        if (rest > 0) centeredSquares(start + 4 * (size - rest), 4 * rest, meansStart, sumsStart, 1, rest)
        for (const sum of backend.typedArrayFromHeap(sums)) total += sum
      }
      const norm = backend.makeOutput([], 'float32')
      backend.typedArrayFromHeap(norm)[0] = Math.sqrt(total)
      return [norm]
    }),
)

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

export const momentumUpdate = extraWasmKernel(
  'MomentumUpdate',
  'updates every parameter by some seven operations of its own',
  ({ inputs: { settings, scale, decays, gradients, parameters, velocities }, backend }) => {
    const [numbers, [scaling], weightDecays] = [settings, scale, decays].map((info) =>
      Array.from(backend.typedArrayFromHeap(info)),
    ) as [number[], [number], number[]]
    const newLike = ({ shape }: (typeof parameters)[number]) => backend.makeOutput([...shape], 'float32')
    const [newParameters, newVelocities] = [parameters.map(newLike), velocities.map(newLike)]
    const factors = backend.makeOutput([MOMENTUM_FACTORS.length], 'float32')
    const { momentumUpdate: update } = simd(backend)
    parameters.forEach((parameter, i) => {
      const named = factorsOf(numbers, scaling, weightDecays[i]!)
      backend.typedArrayFromHeap(factors).set(MOMENTUM_FACTORS.map((name) => named[name]))
      const given = addressesOf(backend, factors, gradients[i]!, parameter, velocities[i]!)
      update(...given, ...addressesOf(backend, newParameters[i]!, newVelocities[i]!), sizeOf(parameter.shape))
    })
    backend.disposeData(factors.dataId)
    return [...newParameters, ...newVelocities]
  },
)
