import '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { registerLinkedTensorflow } from '../adapters/linked-tensorflow.ts'
import { useBackend } from '../use-backend.ts'
import { accumulating, tensorOps, valueAndGradients, type KnownGradients } from '@gpdjs/core'

const { leadingBlocks } = tensorOps

const linked = await registerLinkedTensorflow().then(
  () => true,
  () => false,
)

/** `2 a + 3 b`, whose gradient records what it was given. */
const known: Record<string, number[] | undefined>[] = []

function registerWeighted(): void {
  const weights: Readonly<Record<string, number>> = { a: 2, b: 3 }
  tf.registerKernel({
    kernelName: 'Weighted',
    backendName: 'cpu',
    kernelFunc: ({ inputs: { a, b } }) => tf.add(tf.mul(a as tf.Tensor, 2), tf.mul(b as tf.Tensor, 3)),
  })
  tf.registerGradient({
    kernelName: 'Weighted',
    gradFunc: (given) => {
      const dy = given as tf.Tensor
      const share = (name: string) => tf.mul(dy, weights[name]!)
      const ontoKnown = (gradients: KnownGradients) => {
        known.push(Object.fromEntries(Object.entries(gradients).map(([name, g]) => [name, g && [...g.dataSync()]])))
        return Object.fromEntries(
          Object.entries(gradients).map(([name, g]) => [name, g ? tf.add(g, share(name)) : share(name)]),
        )
      }
      return accumulating({ a: () => share('a'), b: () => share('b') }, ontoKnown)
    },
  })
}

const weighted = (a: tf.Tensor, b: tf.Tensor) => tf.engine().runKernel('Weighted', { a, b }) as tf.Tensor

describe('a gradient that is added onto what is known', () => {
  beforeAll(async () => {
    await useBackend('cpu')
    registerWeighted()
  })

  function gradientsOf(f: (variables: Readonly<Record<'a' | 'b', tf.Tensor>>) => tf.Tensor) {
    known.length = 0
    const variables = { a: tf.tensor1d([1, 2]), b: tf.tensor1d([3, 5]) }
    const before = tf.memory().numTensors
    const { value, gradients } = valueAndGradients((given) => tf.sum(f(given)), variables)
    const found = Object.entries(gradients).map(([name, gradient]) => [name, [...gradient.dataSync()]])
    tf.dispose([value, gradients])
    expect(tf.memory().numTensors).toBe(before)
    tf.dispose(variables)
    return Object.fromEntries(found) as Record<string, number[]>
  }

  it('gets what came before it on the way back, and nothing where nothing came', () => {
    // ∂/∂a Σ (2a + 3b + a²) = 2 + 2a
    expect(gradientsOf(({ a, b }) => tf.add(weighted(a, b), tf.square(a)))).toEqual({ a: [4, 6], b: [3, 3] })
    expect(known).toEqual([{ a: [2, 4], b: undefined }])
  })

  it('is added to by what comes after it', () => {
    const f = ({ a, b }: Readonly<Record<string, tf.Tensor>>) => {
      const square = tf.square(a!)
      return tf.add(square, weighted(a!, b!))
    }
    expect(gradientsOf(f)).toEqual({ a: [4, 6], b: [3, 3] })
    expect(known).toEqual([{ a: undefined, b: undefined }])
  })

  it('is computed only for inputs that depend on a variable', () => {
    expect(gradientsOf(({ b }) => weighted(tf.ones([2]), b))).toEqual({ b: [3, 3] })
    expect(known).toEqual([{ b: undefined }])
  })

  it('is taken one by one where both inputs are one tensor', () => {
    expect(gradientsOf(({ a }) => tf.add(weighted(a, a), tf.square(a)))).toEqual({ a: [7, 9] })
    expect(known).toEqual([])
  })
})

describe.each(['cpu', 'wasm', 'tensorflow'] as const)('leadingBlocks on %s', (backend) => {
  const skipped = backend === 'tensorflow' && !linked
  beforeAll(async () => {
    if (!skipped) await useBackend(backend)
  })

  /** Blocks first and last; `rows` is used by others too, `kernel` only by the blocks. */
  function objective({ rows, kernel }: Readonly<Record<string, tf.Tensor>>): tf.Scalar {
    const [row, block] = leadingBlocks([
      { tensor: rows!, size: [2, 3], scale: 2 },
      { tensor: kernel!, size: [2, 20], scale: 4 },
    ])
    const [late] = leadingBlocks([{ tensor: rows!, size: [4, 1], scale: 8 }])
    return tf.addN([...[row!, block!, late!].map((x) => tf.sum(x)), tf.sum(tf.square(rows!))]) as tf.Scalar
  }

  it.skipIf(skipped)('adds its gradient to those that are known', async () => {
    const variables = { rows: tf.range(0, 20).reshape([4, 5]), kernel: tf.ones([3, 37]) }
    const { gradients } = valueAndGradients(objective, variables)
    // 2 · rows, and 2 in the leading [2, 3], 8 in the first column
    const rows = Array.from({ length: 20 }, (_, at) => {
      const [row, column] = [Math.floor(at / 5), at % 5]
      return 2 * at + (row < 2 && column < 3 ? 2 : 0) + (column < 1 ? 8 : 0)
    })
    const kernel = Array.from({ length: 3 * 37 }, (_, at) => (at < 2 * 37 && at % 37 < 20 ? 4 : 0))
    expect([...(await gradients.rows!.data())]).toEqual(rows)
    expect([...(await gradients.kernel!.data())]).toEqual(kernel)
    tf.dispose([variables, gradients])
  })

  it.skipIf(skipped || backend !== 'tensorflow')(
    'takes one operation for all tensors of a call, and no additions',
    async () => {
      const variables = { rows: tf.ones([4, 5]), kernel: tf.ones([3, 37]) }
      const { kernels } = await tf.profile(() => tf.tidy(() => void valueAndGradients(objective, variables)))
      const calls = (wanted: string) => kernels.filter(({ name }) => name === wanted).length
      expect({ gradients: calls('LeadingBlocksGradient'), additions: calls('Add') }).toEqual({
        gradients: 2,
        additions: 0,
      })
      tf.dispose(variables)
    },
  )
})
