import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { adamw, type AdamwOptions } from './adamw.ts'
import { chain } from './chain.ts'
import { clip } from './clip.ts'
import { frozen } from './frozen.ts'
import { globalNorm, gradientsOf, scaledGradients } from './gradients.ts'
import type { Optimizer } from './optimizer.ts'
import { sgd, type SgdOptions } from './sgd.ts'

const GRADIENTS = [
  [0.5, -1],
  [-0.2, 0.3],
  [0.1, 0.7],
]
const START = [1, -2]
const RATE = 0.1

/** Runs an optimizer for three steps on a weight and an exempt bias with the same numbers. */
function run(optimizer: Optimizer): Record<string, number[]> {
  return tf.tidy(() => {
    let trainables: Record<string, tf.Tensor> = { weight: tf.tensor1d(START), bias: tf.tensor1d(START) }
    let slots = optimizer.init(trainables)
    const specs = { weight: { decay: true }, bias: { decay: false } }
    GRADIENTS.forEach((gradient, step) => {
      const gradients = gradientsOf({ weight: tf.tensor1d(gradient), bias: tf.tensor1d(gradient) })
      const progress = { step, totalSteps: GRADIENTS.length }
      ;({ trainables, slots } = optimizer.update({ gradients, trainables, slots, specs, progress }))
    })
    return Object.fromEntries(Object.entries(trainables).map(([name, tensor]) => [name, Array.from(tensor.dataSync())]))
  }) as unknown as Record<string, number[]>
}

/** SGD as PyTorch documents it, on plain numbers. */
function sgdByHand({
  momentum = 0,
  nesterov = false,
  weightDecay = 0,
  decoupled = false,
}: Partial<SgdOptions>): number[] {
  return START.map((start, i) => {
    let [theta, velocity] = [start, 0]
    GRADIENTS.forEach((gradient, step) => {
      let g = gradient[i]!
      if (decoupled) theta *= 1 - RATE * weightDecay
      else g += weightDecay * theta
      velocity = step === 0 ? g : momentum * velocity + g
      theta -= RATE * (nesterov ? g + momentum * velocity : velocity)
    })
    return theta
  })
}

/** AdamW as PyTorch documents it, on plain numbers. */
function adamwByHand({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0 }: Partial<AdamwOptions>): number[] {
  return START.map((start, i) => {
    let [theta, m, v] = [start, 0, 0]
    GRADIENTS.forEach((gradient, step) => {
      theta *= 1 - RATE * weightDecay
      m = beta1 * m + (1 - beta1) * gradient[i]!
      v = beta2 * v + (1 - beta2) * gradient[i]! ** 2
      theta -= (RATE * (m / (1 - beta1 ** (step + 1)))) / (Math.sqrt(v / (1 - beta2 ** (step + 1))) + epsilon)
    })
    return theta
  })
}

const expectClose = (actual: number[], expected: number[]) =>
  actual.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5))

beforeAll(async () => {
  await tf.setBackend('cpu')
})

describe('sgd', () => {
  const cases: Partial<SgdOptions>[] = [
    {},
    { momentum: 0.9 },
    { momentum: 0.9, nesterov: true },
    { momentum: 0.9, weightDecay: 0.1 },
    { momentum: 0.9, nesterov: true, weightDecay: 0.1 },
    { momentum: 0.5, weightDecay: 0.1, decoupled: true },
  ]
  it.each(cases)('follows PyTorch with %o', (options) => {
    const { weight, bias } = run(sgd({ learningRate: RATE, ...options }))
    expectClose(weight!, sgdByHand(options))
    expectClose(bias!, sgdByHand({ ...options, weightDecay: 0 }))
  })

  it('decays everything with the option for it', () => {
    const options = { momentum: 0.9, weightDecay: 0.1 }
    expectClose(run(sgd({ learningRate: RATE, decay: 'all', ...options }))['bias']!, sgdByHand(options))
  })

  it('refuses numbers out of range', () => {
    expect(() => sgd({ learningRate: 0.1, momentum: 1 })).toThrow(/momentum: expected a number from 0 to below 1/)
    expect(() => sgd({ learningRate: 0.1, weightDecay: -1 })).toThrow(/weightDecay/)
    expect(() => sgd({ learningRate: 0.1, momentum: Number.NaN })).toThrow(/momentum/)
  })
})

describe('adamw', () => {
  it.each([{ weightDecay: 0 }, { weightDecay: 0.05 }, { beta1: 0.5, beta2: 0.9, epsilon: 1e-3, weightDecay: 0.1 }])(
    'follows PyTorch with %o',
    (options) => {
      const { weight, bias } = run(adamw({ learningRate: RATE, ...options }))
      expectClose(weight!, adamwByHand(options))
      expectClose(bias!, adamwByHand({ ...options, weightDecay: 0 }))
    },
  )
})

describe('clip', () => {
  // Of norm √(3² + 4²) = 5.
  const gradients = () => gradientsOf({ a: tf.tensor1d([3, 0]), b: tf.tensor2d([[4]]) })
  const values = (clipped: ReturnType<typeof gradients>) =>
    Object.values(scaledGradients(clipped)).flatMap((tensor) => Array.from(tensor.dataSync()))

  it('measures all gradients together', () => {
    expect(gradients().norm().dataSync()[0]).toBeCloseTo(5, 6)
    expect(globalNorm({}).dataSync()[0]).toBe(0)
  })

  it('scales a long gradient down to the limit and leaves a short one alone', () => {
    const clipped = (limit: number) => values(clip(limit).transform(gradients()))
    expectClose(clipped(1), [0.6, 0, 0.8])
    expect(clipped(10)).toEqual([3, 0, 4])
    expect(clipped(Infinity)).toEqual([3, 0, 4])
  })

  it('measures what an earlier scale has left', () => {
    expectClose(values(clip(1).transform(clip(2).transform(gradients()))), [0.6, 0, 0.8])
    expectClose(values(clip(4).transform(clip(2).transform(gradients()))), [1.2, 0, 1.6])
  })

  it('computes the norm once', () => {
    const all = gradients()
    expect(clip(2).transform(all).norm()).toBe(all.norm())
  })

  it.each([0, -1, Number.NaN])('refuses the limit %d', (limit) => {
    expect(() => clip(limit)).toThrow(/clip: limit: expected a number above 0/)
  })
})

describe('chain', () => {
  it.each([{}, { momentum: 0.9, weightDecay: 0.1 }])(
    'of clip and sgd is sgd that clips, bit for bit: %o',
    (options) => {
      const clipping = run(sgd({ learningRate: RATE, ...options, clipGlobalNorm: 0.5 }))
      expect(run(chain(clip(0.5), sgd({ learningRate: RATE, ...options })))).toEqual(clipping)
      expect(clipping).not.toEqual(run(sgd({ learningRate: RATE, ...options })))
    },
  )

  it('takes chains apart: each transform acts once, from the left', () => {
    const alone = run(chain(clip(2), clip(0.5), sgd({ learningRate: RATE })))
    expect(run(chain(clip(2), chain(clip(0.5), sgd({ learningRate: RATE }))))).toEqual(alone)
  })

  it('has the rates and the resting tensors of its optimizer', () => {
    const progress = { step: 5, totalSteps: 10 }
    const half = sgd({ learningRate: ({ step }) => step / 10 })
    expect(chain(clip(1), half).rates(progress)).toEqual({ 'learning-rate': 0.5 })
    expect(chain(clip(1), half).moves?.('x', progress)).toBe(true)
    expect(chain(clip(1), frozen()).moves?.('x', progress)).toBe(false)
  })
})
