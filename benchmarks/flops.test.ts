import * as tf from '@tensorflow/tfjs'
import { cifarResnet } from '@gpdjs/architectures'
import { useBackend } from '@gpdjs/backends'
import { countMultiplyAdds } from '@gpdjs/core'
import { beforeAll, describe, expect, it } from 'vitest'
import { arm, PLUGINS } from './arms.ts'
import { watchKernels } from './kernel-calls.ts'
import type { ResnetSize } from './networks.ts'

beforeAll(() => useBackend('cpu'))

/** Operations counted while something runs. */
async function counted(run: () => unknown): Promise<number> {
  const { totals, stop } = watchKernels('cpu')
  await run()
  stop()
  return [...totals.values()].reduce((sum, { flops }) => sum + flops, 0)
}

describe('operations', () => {
  const x = () => tf.ones<tf.Rank.R4>([2, 9, 8, 6])

  it.each<[string, number, () => unknown]>([
    // twice the multiply-adds: outputs times what each of them sums
    ['a product', 2 * (4 * 5) * 3, () => tf.matMul(tf.ones([4, 3]), tf.ones([3, 5]))],
    ['a transposed product', 2 * (4 * 5) * 3, () => tf.matMul(tf.ones([3, 4]), tf.ones([5, 3]), true, true)],
    ['a batch of products', 7 * 2 * (4 * 5) * 3, () => tf.matMul(tf.ones([7, 4, 3]), tf.ones([7, 3, 5]))],
    ['a convolution', 2 * (2 * 5 * 4 * 10) * (9 * 6), () => tf.conv2d(x(), tf.ones([3, 3, 6, 10]), 2, 'same')],
    ['a depthwise one', 2 * (2 * 9 * 8 * 6) * 9, () => tf.depthwiseConv2d(x(), tf.ones([3, 3, 6, 1]), 1, 'same')],
    ['everything else', 0, () => tf.softmax(tf.relu(x()))],
  ])('of %s are %i', async (_, flops, run) => {
    expect(await counted(run)).toBe(flops)
  })

  it('of a plain step are three passes, but that images need no gradient', async () => {
    const size: ResnetSize = { kind: 'resnet', width: 2, blocks: [1, 1], inputShape: [6, 6, 1], batch: 3 }
    const { kind: _, batch, ...options } = size
    const network = cifarResnet({ ...options, classes: 10 })
    const stem = 6 * 6 * 9 * 1 * 2
    const flops = await counted(arm(size, PLUGINS.plain))
    expect(flops).toBe(2 * batch * (3 * countMultiplyAdds(network) - stem))
  })
})

describe('watched kernels', () => {
  it('are as before after the measurement', () => {
    const before = tf.getKernelsForBackend('cpu')
    const { stop } = watchKernels('cpu')
    expect(tf.getKernel('Relu', 'cpu')).not.toBe(before.find(({ kernelName }) => kernelName === 'Relu'))
    stop()
    expect(new Set(tf.getKernelsForBackend('cpu'))).toEqual(new Set(before))
  })

  it('count calls, and the bytes of what goes in and comes out', () => {
    const { totals, stop } = watchKernels('cpu')
    tf.add(tf.ones([10, 2]), tf.ones([2]))
    stop()
    expect(totals.get('Add')).toMatchObject({ calls: 1, bytes: 4 * (20 + 2 + 20), flops: 0 })
  })
})
