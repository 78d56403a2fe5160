import '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { useBackend } from '../use-backend.ts'
import {
  add,
  apply,
  batchNorm,
  conv2d,
  dense,
  flatten,
  graph,
  initializeParameters,
  initializeStatistics,
  layerNorm,
  randomStream,
  relu,
  selfAttention,
  sizeOf,
  stopGradient,
  tensorOps,
  toTokens,
  valueAndGradients,
  type TensorRecord,
} from '@gpdjs/core'

const { relu: ownRelu } = tensorOps

const SIDE = 4
const random = (name: string, shape: number[] = [SIDE, SIDE]) => {
  const stream = randomStream(7, 'backward-pass', name)
  const size = sizeOf(shape)
  return tf.tensor(
    Float32Array.from({ length: size }, () => stream.normal()),
    shape,
  )
}

type Objective = (variables: TensorRecord) => tf.Scalar

/** Value and gradients as bits, by the engine's own backward pass; null where there is none. */
function byTheEngine(f: Objective, variables: TensorRecord) {
  return tf.tidy(() => {
    const { value, grads } = tf.engine().gradients(() => f(variables), Object.values(variables), undefined, true)
    return [value, ...(grads as (tf.Tensor | undefined)[])].map((tensor) => tensor?.dataSync())
  })
}

function byOurselves(f: Objective, variables: TensorRecord) {
  return tf.tidy(() => {
    const { value, gradients } = valueAndGradients(f, variables)
    return [value, ...Object.keys(variables).map((name) => gradients[name])].map((tensor) => tensor?.dataSync())
  })
}

/** `a + b` whose gradient function returns one tensor twice. */
const sumOfTwo = (a: tf.Tensor, b: tf.Tensor) =>
  tf.customGrad((...given) => ({
    value: tf.add(given[0] as tf.Tensor, given[1] as tf.Tensor),
    gradFunc: (dy) => [dy, dy],
  }))(a, b)

/** `a²`, with a gradient that is what was saved: `a`, whatever `dy`. */
const givesWhatItSaved = (a: tf.Tensor) =>
  tf.customGrad((x, save) => {
    ;(save as tf.GradSaveFunc)([x as tf.Tensor])
    return { value: tf.square(x as tf.Tensor), gradFunc: (_, saved) => saved[0]! }
  })(a)

/** A custom gradient that uses another. */
const nested = (a: tf.Tensor) =>
  tf.customGrad((x, save) => {
    ;(save as tf.GradSaveFunc)([x as tf.Tensor])
    return { value: ownRelu(x as tf.Tensor), gradFunc: (dy, [x]) => tf.mul(dy, ownRelu(x!)) }
  })(a)

const STEPS: Readonly<Record<string, (a: tf.Tensor, b: tf.Tensor) => tf.Tensor>> = {
  add: (a, b) => tf.add(a, b),
  multiply: (a, b) => tf.mul(a, b),
  product: (a, b) => tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D, false, true),
  softmax: (a) => tf.softmax(a as tf.Tensor2D),
  relu: ownRelu,
  'cut off': (a, b) => tf.add(stopGradient(a), b),
  'custom in custom': nested,
  'one part of several': (a, b) => tf.mul(tf.unstack(a)[1]!, b),
  'scaled rows': (a, b) => tf.mul(a, tf.sum(b, 1, true)),
  rearranged: (a, b) => tf.sub(tf.reshape(tf.transpose(a), [SIDE, SIDE]), b),
  'added up': (a, b) => tf.addN([a, b, a]),
}

const step = fc.record({
  name: fc.constantFrom(...Object.keys(STEPS)),
  from: fc.tuple(fc.nat(), fc.nat()),
})

/** A graph in which every step reads two of the tensors before it; some are not read at all. */
function graphOf(steps: readonly { name: string; from: [number, number] }[]): Objective {
  return (variables) => {
    const tensors = Object.values(variables).slice(0, 3)
    const at = (index: number) => tensors[index % tensors.length]!
    for (const { name, from } of steps) tensors.push(tf.tanh(STEPS[name]!(at(from[0]), at(from[1]))))
    return tf.add(tf.sum(tensors.at(-1)!), tf.mean(tensors.at(-2)!))
  }
}

function transformer() {
  const g = graph({ name: 'branches', inputShape: [4, 4, 3] })
  const conv = (name: string, from: string) => g.add(name, conv2d({ filters: 6, kernelSize: 3, useBias: true }), from)
  const first = g.add('relu', relu(), g.add('bn', batchNorm(), conv('a', 'image')))
  const tokens = g.add('norm', layerNorm(), g.add('tokens', toTokens(), g.add('sum', add(), conv('b', first), first)))
  const mixed = g.add('mix', selfAttention({ heads: 2 }), g.add('qkv', dense({ units: 18 }), tokens))
  const output = g.add('fc', dense({ units: 3 }), g.add('flat', flatten(), g.add('skip', add(), mixed, tokens)))
  g.tap('early', first)
  g.tap('late', mixed)
  return g.build(output)
}

describe.each(['cpu', 'wasm'] as const)('the backward pass on %s', (backend) => {
  beforeAll(() => useBackend(backend))

  it('has the gradients of the engine to the bit, on any graph', () => {
    const variables = { a: random('a'), b: random('b'), c: random('c'), unused: random('d') }
    fc.assert(
      fc.property(fc.array(step, { minLength: 2, maxLength: 15 }), (steps) => {
        const before = tf.memory()
        expect(byOurselves(graphOf(steps), variables)).toEqual(byTheEngine(graphOf(steps), variables))
        expect(tf.memory()).toMatchObject({ numTensors: before.numTensors, numDataBuffers: before.numDataBuffers })
      }),
      { numRuns: 60, seed: 1 },
    )
    tf.dispose(variables)
  })

  it('has the gradients of the engine to the bit for a network with branches, taps and attention', () => {
    const network = transformer()
    const parameters = initializeParameters(network.parameters, 1)
    const [x, statistics] = [random('x', [2, 4, 4, 3]), initializeStatistics(network.statistics)]
    const objective: Objective = (tensors) => {
      const options = { training: true, taps: ['early', 'late'] }
      const { outputs, taps } = apply({ network, parameters: tensors, statistics }, x, options)
      const [early, late] = [stopGradient(taps['early']!), taps['late']!]
      return tf.add(tf.sum(tf.square(outputs['logits']!)), tf.add(tf.mean(tf.square(late)), tf.mean(early)))
    }
    const before = tf.memory().numTensors
    const found = byOurselves(objective, parameters)
    expect(found).toEqual(byTheEngine(objective, parameters))
    expect(found.every((values) => values !== undefined)).toBe(true)
    expect(tf.memory().numTensors).toBe(before)
    tf.dispose([parameters, x, statistics])
  })
})

const DEPTH = 40

/** `tanh` applied `DEPTH` times, with the number of buffers at each call of its gradient. */
function deepChain() {
  const buffers: number[] = []
  const link = (x: tf.Tensor) =>
    tf.customGrad((input, save) => {
      const y = tf.tanh(input as tf.Tensor)
      ;(save as tf.GradSaveFunc)([y])
      return {
        value: y,
        gradFunc: (dy, [y]) => {
          buffers.push(tf.memory().numDataBuffers)
          return tf.mul(dy, tf.sub(1, tf.square(y!)))
        },
      }
    })(x)
  const objective: Objective = ({ w }) => tf.sum(Array.from({ length: DEPTH }).reduce<tf.Tensor>(link, w!))
  return { objective, buffers }
}

describe('memory', () => {
  beforeAll(() => useBackend('cpu'))

  it('falls while the backward pass goes back', () => {
    const w = random('w')
    const [ours, engines] = [deepChain(), deepChain()]
    const before = tf.memory().numDataBuffers
    byOurselves(ours.objective, { w })
    byTheEngine(engines.objective, { w })
    // Before a gradient: what the links up to there have saved, the value and the gradient that has arrived.
    const left = ours.buffers.map((count) => count - before)
    expect(left).toEqual(Array.from({ length: DEPTH }, (_, i) => DEPTH - i + 2))
    expect(Math.max(...engines.buffers) - before).toBeGreaterThan(2 * DEPTH)
    w.dispose()
  })

  // The engine's own pass disposes these too early, or twice.
  it('gives each input a tensor of its own, even if a gradient function returns one tensor twice or a saved one', () => {
    const [a, b] = [tf.reshape(tf.range(0, SIDE * SIDE), [SIDE, SIDE]), random('b')]
    const before = tf.memory().numTensors
    // Σ (a + b) + a² + a + b with a² declared to have the slope a
    const { value, gradients } = valueAndGradients(
      ({ a, b }) => tf.sum(tf.addN([sumOfTwo(a, b), givesWhatItSaved(a), a, b])),
      { a, b },
    )
    expect(gradients.a!.dataSync()).toEqual(tf.tidy(() => tf.add(a, 2).dataSync()))
    expect(gradients.b!.dataSync()).toEqual(new Float32Array(SIDE * SIDE).fill(2))
    tf.dispose([value, gradients])
    expect(tf.memory().numTensors).toBe(before)
    tf.dispose([a, b])
  })

  it('leaves alone what a gradient function does not own', () => {
    const [w, constant] = [random('w'), tf.keep(tf.ones([SIDE, SIDE]))]
    const { gradients } = valueAndGradients(
      ({ w }) => tf.sum(tf.customGrad((x) => ({ value: tf.clone(x as tf.Tensor), gradFunc: () => constant }))(w)),
      { w },
    )
    tf.dispose(gradients)
    expect(constant.dataSync()).toEqual(new Float32Array(SIDE * SIDE).fill(1))
    tf.dispose([w, constant])
  })
})

/** What has to be as before after a failure. */
const engineState = () => {
  const { scopeStack, gradientDepth, kernelDepth } = tf.engine().state
  return { ...tf.memory(), scopes: scopeStack.length, gradientDepth, kernelDepth }
}

const failing: Readonly<Record<string, readonly [Objective, RegExp]>> = {
  'the function throws': [
    ({ w }) => {
      ownRelu(tf.square(w!))
      throw new Error('in the function')
    },
    /in the function/,
  ],
  'a gradient throws': [
    ({ w }) => {
      const halfway = tf.customGrad((x) => ({
        value: tf.square(x as tf.Tensor),
        gradFunc: (dy) => {
          tf.square(dy)
          throw new Error('in a gradient')
        },
      }))(ownRelu(tf.square(w!)))
      return tf.sum(ownRelu(halfway))
    },
    /in a gradient/,
  ],
  'a gradient has another shape': [
    ({ w }) => tf.sum(tf.customGrad((x) => ({ value: tf.square(x as tf.Tensor), gradFunc: () => tf.zeros([2]) }))(w!)),
    /expected float32 \[4, 4\] for input '0', got float32 \[2\]/,
  ],
  'an operation has no gradient': [
    ({ w }) => tf.sum(tf.engine().runKernel('WithoutGradient', { x: ownRelu(w!) }) as tf.Tensor),
    /no gradient of 'WithoutGradient'/,
  ],
}

describe('a failure', () => {
  beforeAll(async () => {
    await useBackend('cpu')
    tf.registerKernel({
      kernelName: 'WithoutGradient',
      backendName: 'cpu',
      kernelFunc: ({ inputs: { x }, backend }) => {
        const dataId = (backend as tf.KernelBackend).write(new Float32Array(16), [...x!.shape], 'float32')
        return { dataId, shape: x!.shape, dtype: 'float32' }
      },
    })
  })

  it.each(Object.entries(failing))('leaves nothing behind: %s', (_, [objective, message]) => {
    const w = random('w')
    const before = engineState()
    expect(() => valueAndGradients(objective, { w })).toThrow(message)
    expect(engineState()).toEqual(before)
    const { value, gradients } = valueAndGradients(({ w }) => tf.sum(tf.square(w)), { w })
    expect(gradients.w!.dataSync()).toEqual(tf.tidy(() => tf.mul(w, 2).dataSync()))
    tf.dispose([w, value, gradients])
  })
})
