import * as tf from '@tensorflow/tfjs'
import { randomStream, type RandomStream } from '../random/random-stream.ts'
import { sizeOf } from '../size-of.ts'
import { axisSize, type Axis } from './axes.ts'

/** How fresh values are drawn; all bounds are final numbers, so nothing here depends on the kind of layer. */
export type Initializer =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'normal'; readonly deviation: number }
  | { readonly kind: 'uniform'; readonly limit: number }

export const zeros: Initializer = { kind: 'constant', value: 0 }
export const ones: Initializer = { kind: 'constant', value: 1 }

/** He initialization: standard deviation `√(2 / fan)`. See He et al., "Delving Deep into Rectifiers", 2015. */
export const heNormal = (fan: number): Initializer => ({ kind: 'normal', deviation: Math.sqrt(2 / fan) })

/** Uniform in ±√(1 / fanIn): what PyTorch draws for the weights and bias of a linear layer. */
export const fanInUniform = (fanIn: number): Initializer => ({ kind: 'uniform', limit: Math.sqrt(1 / fanIn) })

export interface ParameterSpec {
  /** `<node>.<parameter>`, for example `layer1.0.conv1.weight` */
  readonly name: string
  readonly shape: readonly number[]
  readonly axes: readonly Axis[]
  readonly initializer: Initializer
  /** Whether weight decay acts on it unless the optimizer is told to decay everything. */
  readonly decay: boolean
}

/** A tensor that training updates without a gradient: a batch-norm moment. One per actor, never shared. */
export interface StatisticSpec {
  readonly name: string
  readonly shape: readonly number[]
  readonly axes: readonly Axis[]
  readonly initial: number
}

export const axesShape = (axes: readonly Axis[]): number[] => axes.map(axisSize)

/** Number of scalars in a list of parameters. */
export const countParameters = (specs: readonly { readonly shape: readonly number[] }[]): number =>
  specs.reduce((sum, spec) => sum + sizeOf(spec.shape), 0)

function draw(initializer: Initializer, size: number, stream: () => RandomStream): Float32Array {
  if (initializer.kind === 'constant') return new Float32Array(size).fill(initializer.value)
  const random = stream()
  return initializer.kind === 'normal'
    ? Float32Array.from({ length: size }, () => initializer.deviation * random.normal())
    : Float32Array.from({ length: size }, () => initializer.limit * (2 * random.uniform() - 1))
}

/**
 * Fresh parameters; each one depends on the seed and its own name only, not on the others.
 *
 * @param seed any safe integer, 0 included
 */
export function initializeParameters(specs: readonly ParameterSpec[], seed: number): Record<string, tf.Tensor> {
  const entries = specs.map(({ name, shape, initializer }) => {
    const size = sizeOf(shape)
    const values = draw(initializer, size, () => randomStream(seed, 'parameters', name))
    return [name, tf.tensor(values, [...shape], 'float32')] as const
  })
  return Object.fromEntries(entries)
}

/** Batch-norm moments before training: mean 0, variance 1. */
export function initializeStatistics(specs: readonly StatisticSpec[]): Record<string, tf.Tensor> {
  return Object.fromEntries(specs.map(({ name, shape, initial }) => [name, tf.fill([...shape], initial)]))
}
