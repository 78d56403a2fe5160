import * as tf from '@tensorflow/tfjs'
import { decodeCall, encodeCall, type WireAttributes } from './extra-kernel-call.ts'

type None = Readonly<Record<string, never>>

/** What a kernel takes and returns; inputs and results in the order given here. */
interface Spec<Inputs, Results extends unknown[], Attributes = None> {
  readonly inputs: Readonly<Inputs>
  readonly attributes: Readonly<Attributes>
  readonly results: Results
}

type List<T> = readonly T[]
type Shape = readonly number[]

/** Normalization over all axes of `x` but the last; `scale` and `shift` are `[channels]`. */
interface Affine<T> {
  x: T
  scale: T
  shift: T
}

/** One step of an optimizer: the lists are equally long, with one tensor for each that is trained. */
interface Update<T> {
  /** Numbers of the step; their order is that of the optimizer in the trainer. */
  settings: T
  /** Scalar that multiplies all gradients. */
  scale: T
  /** One weight decay for each parameter. */
  decays: T
  gradients: List<T>
  parameters: List<T>
}

/** Sizes of a product of two tensors, each reshaped to `batch` matrices: `[rows, depth] · [depth, columns]`. */
interface MatrixSizes {
  batch: number
  rows: number
  depth: number
  columns: number
}

/** `gates` `[filters, out]`; a profile `[taps, out]` replaces the factors of its filter. See `kernelSum`. */
interface FilterSumInputs<T> {
  gates: T
  filters: List<T>
  profiles: List<T | undefined>
}

interface FilterSumAttributes {
  /** Of each filter, one for each tap. */
  factors: readonly (readonly number[])[]
  /** Of the sum. */
  shape: Shape
}

/**
 * Kernels that TensorFlow.js does not have. All their tensors are float32. A backend registers those that it can do in
 * fewer passes than the composition of ordinary operations; `tensor-ops` uses them where they exist and composes
 * elsewhere. The compiler checks callers (`T` is a tensor) and backends (`T` is a `Float32`) against this table.
 */
export interface ExtraKernels<T = tf.Tensor> {
  /** `dy` where `y > 0`, else 0. */
  readonly ReluGradient: Spec<{ dy: T; y: T }, [dx: T]>
  /** `x + b`, one value per channel. */
  readonly ChannelAdd: Spec<{ x: T; b: T }, [y: T]>
  /** `x · a + b`, one value per channel. */
  readonly ChannelAffine: Spec<{ x: T; a: T; b: T }, [y: T]>
  /** Mean and biased variance over all axes but the last. */
  readonly ChannelMoments: Spec<{ x: T }, [mean: T, variance: T]>
  readonly BatchNormGradient: Spec<
    { dy: T; x: T; mean: T; inverseDeviation: T; scale: T },
    [dx: T, dScale: T, dShift: T]
  >
  /** `variance` is biased; `reserve` is for the gradient. Recorded: a backend that has it registers its gradient. */
  readonly BatchNormTraining: Spec<Affine<T>, [y: T, mean: T, variance: T, ...reserve: T[]], { epsilon: number }>
  readonly BatchNormTrainingGradient: Spec<
    { dy: T; x: T; scale: T; reserve: List<T> },
    [dx: T, dScale: T, dShift: T],
    { epsilon: number }
  >
  /** See `batchNormBlock`. `reserve` is for the gradient. Recorded: a backend that has it registers its gradient. */
  readonly BatchNormBlock: Spec<
    Affine<T> & { movingMean: T; movingVariance: T; other?: T | undefined },
    [y: T, movingMean: T, movingVariance: T, ...reserve: T[]],
    { epsilon: number; momentum: number; relu: boolean }
  >
  /** `sum`: the result of a ReLU behind a sum. Then there is a fourth result, the gradient of the other summand. */
  readonly BatchNormBlockGradient: Spec<
    { dy: T; x: T; scale: T; shift: T; mean: T; inverse: T; sum?: T | undefined },
    [dx: T, dScale: T, dShift: T, ...dOther: T[]],
    { relu: boolean }
  >
  /** `dy / (height · width)` at every position; `shape` is that of x. */
  readonly SpatialMeanGradient: Spec<{ dy: T }, [dx: T], { shape: readonly [number, number, number, number] }>
  /** Sum of convolution filters. */
  readonly FilterSum: Spec<FilterSumInputs<T>, [y: T], FilterSumAttributes>
  readonly FilterSumGradient: Spec<FilterSumInputs<T> & { dy: T }, [dGates: T, ...dFilters: T[]], FilterSumAttributes>
  /** See `gelu`. */
  readonly Gelu: Spec<{ x: T }, [y: T]>
  readonly GeluGradient: Spec<{ dy: T; x: T }, [dx: T]>
  /** `√(Σ x²)` over all tensors. */
  readonly GlobalNorm: Spec<{ tensors: List<T> }, [norm: T]>
  /** `mean` and `inverse` deviation of each row. See `layerNorm`. */
  readonly LayerNorm: Spec<Affine<T>, [y: T, mean: T, inverse: T], { epsilon: number }>
  readonly LayerNormGradient: Spec<{ dy: T; x: T; scale: T; mean: T; inverse: T }, [dx: T, dScale: T, dShift: T]>
  /** See `leadingBlocks`. One block for each tensor. Recorded: a backend that has it registers its gradient. */
  readonly LeadingBlocks: Spec<
    { tensors: List<T> },
    T[],
    { sizes: readonly Shape[]; scales: readonly number[]; shapes: readonly Shape[] }
  >
  /** The gradient of each tensor, added to what is known of it. `shapes` are those of the tensors. */
  readonly LeadingBlocksGradient: Spec<
    { dys: List<T>; known: List<T | undefined> },
    T[],
    { scales: readonly number[]; shapes: readonly Shape[] }
  >
  /** New parameters, then new velocities. See `sgd` in the trainer. */
  readonly MomentumUpdate: Spec<Update<T> & { velocities: List<T> }, T[]>
  /** New parameters, then new first and second moments. See `adamw` in the trainer. */
  readonly AdamUpdate: Spec<Update<T> & { firstMoments: List<T>; secondMoments: List<T> }, T[]>
  /** See `product`; `shape` is that of y. */
  readonly Product: Spec<{ a: T; b: T }, [y: T], MatrixSizes & { shape: Shape }>
  readonly ProductGradient: Spec<{ dy: T; a: T; b: T }, [da: T, db: T], MatrixSizes>
}

export type ExtraKernel = keyof ExtraKernels

/** The attributes as arguments: none where the kernel has none. */
type Given<K extends ExtraKernel> = ExtraKernels[K]['attributes'] extends None
  ? []
  : [attributes: ExtraKernels[K]['attributes']]

/**
 * Runs a kernel of the current backend, or returns undefined if the backend does not have it or a tensor is not float32.
 * Nothing is recorded for gradients, unless the kernel is one that is registered with its gradient: call it inside a
 * custom gradient.
 *
 * @example
 * const [dx] = runExtraKernel('ReluGradient', { dy, y }) ?? [tf.mul(dy, tf.step(y))]
 */
export function runExtraKernel<K extends ExtraKernel>(
  name: K,
  inputs: ExtraKernels[K]['inputs'],
  ...given: Given<K>
): ExtraKernels[K]['results'] | undefined {
  const kernel = tf.getKernel(name, tf.getBackend()) as tf.KernelConfig | undefined
  if (kernel === undefined) return undefined
  const [attributes = {}] = given as readonly [object?]
  const call = encodeCall<tf.Tensor>(inputs, attributes)
  for (const input in call.inputs) if (call.inputs[input]!.dtype !== 'float32') return undefined
  return tf.engine().runKernel(name, call.inputs, call.attrs as tf.NamedAttrMap) as ExtraKernels[K]['results']
}

/** A float32 tensor in the form that kernels take and return. */
export type Float32 = tf.TensorInfo & { readonly dtype: 'float32' }

/** Computes a kernel on a backend. */
export type ExtraRun<K extends ExtraKernel, Backend> = (call: {
  readonly inputs: ExtraKernels<Float32>[K]['inputs']
  readonly attributes: ExtraKernels[K]['attributes']
  readonly backend: Backend
}) => ExtraKernels<Float32>[K]['results']

/** What a backend registers for a kernel. */
export const extraKernelFunc =
  <K extends ExtraKernel, Backend>(run: ExtraRun<K, Backend>): tf.KernelFunc =>
  ({ inputs, attrs, backend }) => {
    const call = decodeCall(inputs as Record<string, tf.TensorInfo>, attrs as WireAttributes)
    return run({ inputs: call.inputs, attributes: call.attributes, backend } as Parameters<typeof run>[0]) as Float32[]
  }

/** The gradient of a kernel that is recorded: what a backend registers with it. */
interface ExtraDerivative<K extends ExtraKernel> extends Omit<tf.GradConfig, 'kernelName' | 'gradFunc'> {
  readonly kernelName: K
  /** @returns for the name of each input (`inputInList` in a list) a function that makes its gradient */
  gradFunc(
    dys: readonly tf.Tensor[],
    saved: readonly tf.Tensor[],
    attributes: ExtraKernels[K]['attributes'],
  ): Readonly<Record<string, () => tf.Tensor>>
}

export const extraDerivative = <K extends ExtraKernel>({ gradFunc, ...saved }: ExtraDerivative<K>): tf.GradConfig => ({
  ...saved,
  gradFunc: (dys, tensors, attrs) => gradFunc([dys].flat(), tensors, attrs as unknown as ExtraKernels[K]['attributes']),
})
