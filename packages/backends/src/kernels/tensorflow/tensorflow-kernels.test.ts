import * as tf from '@tensorflow/tfjs'
import { tensorOps, TFJS_VERSION } from '@gpdjs/core'
import { beforeAll, describe, expect, it } from 'vitest'
import { activate } from '../../adapters/activate.ts'
import { registerLinkedTensorflow } from '../../adapters/linked-tensorflow.ts'
import { conformanceCases } from '../../conformance/all.cases.ts'
import { evaluateAll, largestError, type Evaluation } from '../../conformance/conformance.runner.ts'
import { repairGradients } from '../gradients/index.ts'
import { installTensorflowKernels } from './index.ts'

const { batchNorm, relu } = tensorOps

describe('installTensorflowKernels', () => {
  it('refuses an unknown version', () => {
    expect(() => installTensorflowKernels('4.21.0')).toThrow(/expected @tensorflow\/tfjs-node 4\.22\.0, found 4\.21\.0/)
  })
})

const problem = await registerLinkedTensorflow().then(
  () => undefined,
  (error: Error) => error.message,
)
if (problem !== undefined) console.warn(`skipped: ${problem}`)

/** Windowed operations whose padding is a number or spelled out, other than zero. */
const padded = conformanceCases.filter(({ name }) =>
  /^(conv2d|depthwiseConv2d|maxPool|avgPool).*([1-9]|]])$/.test(name),
)

describe.skipIf(problem !== undefined)('the kernels for tensorflow', () => {
  const kernels = (f: () => tf.Tensor) => tf.profile(() => tf.tidy(f)).then(({ kernelNames }) => kernelNames)
  const firstGradient = (f: (x: tf.Tensor) => tf.Tensor) =>
    kernels(() => tf.grad((x) => tf.sum(f(x)))(tf.randomNormal([2, 4, 4, 8])))
  const normalized = (x: tf.Tensor) => batchNorm(x, tf.ones([8]), tf.zeros([8]), 1e-5).y

  let references: ReadonlyMap<string, Evaluation>

  beforeAll(async () => {
    await tf.setBackend('cpu')
    repairGradients()
    references = await evaluateAll(padded)
    await activate('tensorflow')
  })

  // In this order: nothing is installed yet.
  it('are needed: tfjs-node cannot train with explicit padding', async () => {
    expect(padded.length).toBeGreaterThan(10)
    for (const subject of padded)
      expect(await largestError(subject, references.get(subject.name)!), subject.name).toBe(Infinity)
  })

  it('are used by batchNorm and relu, forward and backward', async () => {
    installTensorflowKernels(TFJS_VERSION)
    expect(await firstGradient(normalized)).toEqual(
      expect.arrayContaining(['BatchNormTraining', 'BatchNormTrainingGradient']),
    )
    const names = await firstGradient(relu)
    expect(names).toContain('ReluGradient')
    expect(names).not.toContain('Step')
  })

  it('are installed once', () => {
    const before = tf.getKernel('Conv2D', 'tensorflow')
    installTensorflowKernels(TFJS_VERSION)
    expect(tf.getKernel('Conv2D', 'tensorflow')).toBe(before)
  })

  it('return the biased variance of the batch', async () => {
    const x = tf.tensor4d([1, 2, 3, 6], [4, 1, 1, 1])
    const { mean, variance } = batchNorm(x, tf.ones([1]), tf.zeros([1]), 1e-5)
    expect((await mean.data())[0]).toBeCloseTo(3, 6)
    // (4 + 1 + 0 + 9) / 4
    expect((await variance.data())[0]).toBeCloseTo(3.5, 6)
    tf.dispose([x, mean, variance])
  })

  it('treat the moments as constants: a loss of them has no gradient in x', async () => {
    const gradient = tf.grad((x) =>
      tf.sum(tf.add(normalized(x), batchNorm(x, tf.ones([8]), tf.zeros([8]), 1e-5).mean)),
    )(tf.randomNormal([2, 4, 4, 8]))
    // Σ x̂ does not depend on x either.
    for (const value of await gradient.data()) expect(Math.abs(value)).toBeLessThan(1e-5)
  })
})
