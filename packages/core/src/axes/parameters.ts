import * as tf from '@tensorflow/tfjs'
import { randomStream, type RandomStream } from '../random/random-stream.ts'
import { axisSize, widenAxis, type Axis, type GroupRatios } from './axes.ts'
import { sizeOf } from '../shape.ts'

/** How fresh values are drawn; all bounds are final numbers, so nothing here depends on the kind of layer. */
export type Initializer =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'normal'; readonly deviation: number }
  | { readonly kind: 'uniform'; readonly limit: number }
  | { readonly kind: 'identity' }

export const zeros: Initializer = { kind: 'constant', value: 0 }
export const ones: Initializer = { kind: 'constant', value: 1 }
/** 1 on the diagonal of a square matrix, 0 elsewhere. */
export const identity: Initializer = { kind: 'identity' }

/** He initialization: standard deviation `√(2 / fan)`. See He et al., "Delving Deep into Rectifiers", 2015. */
export const heNormal = (fan: number): Initializer => ({ kind: 'normal', deviation: Math.sqrt(2 / fan) })

/** Uniform in ±√(1 / fanIn): what PyTorch draws for the weights and bias of a linear layer. */
export const fanInUniform = (fanIn: number): Initializer => ({ kind: 'uniform', limit: Math.sqrt(1 / fanIn) })

export interface ParameterSpec {
  /** `<node>.<parameter>`, for example `layer1.0.conv1.weight` */
  readonly name: string
  /** The node that declares it. */
  readonly node: string
  readonly shape: readonly number[]
  readonly axes: readonly Axis[]
  readonly initializer: Initializer
  /** Whether weight decay acts on it, unless the optimizer has the option to decay everything. */
  readonly decay: boolean
  /** False where its node is frozen: training never moves it. Default true. */
  readonly trainable?: boolean
}

/** A tensor that training updates without a gradient: a batch-norm moment. One per actor, never shared. */
export interface StatisticSpec {
  /** `<node>.<statistic>`, for example `bn1.running_mean` */
  readonly name: string
  /** The node that declares it. */
  readonly node: string
  readonly shape: readonly number[]
  readonly axes: readonly Axis[]
  readonly initial: number
}

/** @param ratios of the expanded network. Default none: as the axes are */
export const axesShape = (axes: readonly Axis[], ratios: GroupRatios = {}): number[] =>
  axes.map((axis) => axisSize(widenAxis(axis, ratios)))

/** Number of scalars in a list of parameters. */
export const countParameters = (specs: readonly { readonly shape: readonly number[] }[]): number =>
  specs.reduce((sum, spec) => sum + sizeOf(spec.shape), 0)

function draw(initializer: Initializer, size: number, stream: () => RandomStream): Float32Array {
  if (initializer.kind === 'constant') return new Float32Array(size).fill(initializer.value)
  if (initializer.kind === 'identity') {
    const width = Math.sqrt(size)
    return Float32Array.from({ length: size }, (_, i) => (i % (width + 1) === 0 ? 1 : 0))
  }
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
