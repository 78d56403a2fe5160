import { sumToShape, type GradientFunction, type GradientRepair } from './gradient-repair.ts'

/** The stock gradients have the broadcast shape; this sums them to the shapes of the inputs `a` and `b`. */
const summed =
  (stock: GradientFunction): GradientFunction =>
  (dy, saved, attrs) => {
    const [a, b] = saved
    const gradients = stock(dy, saved, attrs)
    return {
      a: () => sumToShape(gradients['a']!(), a!.shape),
      b: () => sumToShape(gradients['b']!(), b!.shape),
    }
  }

const THROWS = 'throws when one input is broadcast'

export const maximum: GradientRepair = { kernel: 'Maximum', repairs: THROWS, create: summed }
export const minimum: GradientRepair = { kernel: 'Minimum', repairs: THROWS, create: summed }
export const squaredDifference: GradientRepair = { kernel: 'SquaredDifference', repairs: THROWS, create: summed }
export const batchMatMul: GradientRepair = {
  kernel: 'BatchMatMul',
  repairs: 'throws when one batch is broadcast',
  create: summed,
}
