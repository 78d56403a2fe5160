import * as tf from '@tensorflow/tfjs'
import { extraTensorflowKernel } from './kernel.ts'
import { execute } from './tensorflow-backend.ts'

/** Sums of filters as the operations take them: their inputs after the first ones, and their attributes. */
function operandsOf({ filters, profiles }: Filters, factors: readonly (readonly number[])[]) {
  const given = profiles.flatMap((profile, i) => (profile === undefined ? [] : [{ profile, i }]))
  const table = tf.tensor2d(factors.map((row) => [...row]))
  return {
    table,
    inputs: [table, ...filters, ...given.map(({ profile }) => profile)],
    ints: { n: filters.length, m: given.length, profiled: given.map(({ i }) => i) },
  }
}

interface Filters {
  readonly filters: readonly tf.TensorInfo[]
  /** Of the filters that have one. */
  readonly profiles: readonly (tf.TensorInfo | undefined)[]
}

const problem = 'scaling, adding and transposing filters one by one goes over memory six times as often'

export const filterSum = extraTensorflowKernel({
  name: 'FilterSum',
  problem,
  needsOwnOperations: true,
  run: ({ inputs: { gates, ...filters }, attributes: { factors, shape }, backend }) => {
    const { table, inputs, ints } = operandsOf(filters, factors)
    const sum = execute(backend, { name: 'GpdKernelSum', inputs: [gates, ...inputs], ints: { ...ints, shape } })
    table.dispose()
    return sum
  },
})

export const filterSumGradient = extraTensorflowKernel({
  name: 'FilterSumGradient',
  problem,
  needsOwnOperations: true,
  run: ({ inputs: { dy, gates, ...filters }, attributes: { factors }, backend }) => {
    const { table, inputs, ints } = operandsOf(filters, factors)
    const [ofGates, ...ofFilters] = execute(backend, {
      name: 'GpdKernelSumGradient',
      inputs: [dy, gates, ...inputs],
      outputs: 1 + ints.n,
      ints,
    })
    table.dispose()
    return [ofGates!, ...ofFilters]
  },
})
