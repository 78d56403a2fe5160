import * as tf from '@tensorflow/tfjs'
import { GpdError, type Network, type TensorRecord } from '@gpdjs/core'

/** A tensor of a PyTorch state dict: row-major numbers in PyTorch's layout. */
export interface TorchTensor {
  readonly shape: readonly number[]
  readonly data: Float32Array
}

export interface TorchLoad {
  readonly parameters: Record<string, tf.Tensor>
  readonly statistics: Record<string, tf.Tensor>
  /** Tensors of the network that the state dict lacks. Not empty: the records above are incomplete. */
  readonly missing: readonly string[]
  /** Entries of the state dict that the network has no place for (`num_batches_tracked` excepted). */
  readonly unexpected: readonly string[]
}

type Permutation = readonly number[]

/** Axes of our layout in PyTorch's order: kernels `[h, w, in, out]` are `[out, in, h, w]`, dense `[in, out]` is `[out, in]`. */
function torchAxes(name: string, shape: readonly number[], depthwise: boolean): Permutation {
  if (shape.length === 4) return depthwise ? [2, 3, 0, 1] : [3, 2, 0, 1]
  if (shape.length === 2 && name.endsWith('.weight')) return [1, 0]
  return shape.map((_, axis) => axis)
}

const inverse = (permutation: Permutation): number[] => permutation.map((_, axis) => permutation.indexOf(axis))

function layouts(network: Network) {
  const depthwise = new Set(network.nodes.filter(({ op }) => op === 'depthwiseConv2d').map(({ id }) => `${id}.weight`))
  const specs = [...network.parameters, ...network.statistics]
  return new Map(specs.map(({ name, shape }) => [name, { shape, axes: torchAxes(name, shape, depthwise.has(name)) }]))
}

function convert(name: string, tensor: TorchTensor, shape: readonly number[], axes: Permutation): tf.Tensor {
  const wanted = axes.map((axis) => shape[axis]!)
  if (tensor.shape.join() !== wanted.join()) {
    throw new GpdError('checkpoint.incompatible', `fromTorch: '${name}': expected shape [${wanted.join(', ')}], got [${tensor.shape.join(', ')}].`)
  }
  return tf.tidy(() => tf.transpose(tf.tensor(tensor.data, [...tensor.shape]), inverse(axes)))
}

/**
 * A PyTorch state dict (torchvision's names) as parameters and statistics of a network. All shapes are checked before
 * anything is returned.
 *
 * @returns new tensors, owned by the caller
 * @throws GpdError `checkpoint.incompatible` for a wrong shape, with the key, the shape found and the one wanted
 * @example const { parameters, statistics, missing } = fromTorch(imagenetResnet({ depth: 18 }), decodeSafetensors(bytes, { source }).tensors)
 */
export function fromTorch(network: Network, state: ReadonlyMap<string, TorchTensor>): TorchLoad {
  const wanted = layouts(network)
  const found = [...wanted].flatMap(([name, layout]) => {
    const tensor = state.get(name)
    return tensor ? [{ name, tensor, ...layout }] : []
  })
  const tensors = tf.tidy(() => Object.fromEntries(found.map(({ name, tensor, shape, axes }) => [name, convert(name, tensor, shape, axes)])))
  const pick = (specs: readonly { readonly name: string }[]) =>
    Object.fromEntries(specs.flatMap(({ name }) => (tensors[name] ? [[name, tensors[name]] as const] : [])))
  return {
    parameters: pick(network.parameters),
    statistics: pick(network.statistics),
    missing: [...wanted.keys()].filter((name) => !state.has(name)),
    unexpected: [...state.keys()].filter((name) => !wanted.has(name) && !name.endsWith('.num_batches_tracked')),
  }
}

/** Parameters and statistics as a PyTorch state dict: the other way round. */
export async function toTorch(network: Network, tensors: TensorRecord): Promise<Map<string, TorchTensor>> {
  const state = new Map<string, TorchTensor>()
  for (const [name, { axes }] of layouts(network)) {
    const tensor = tensors[name]
    if (tensor === undefined) throw new GpdError('checkpoint.incompatible', `toTorch: no tensor for '${name}'.`)
    const turned = tf.transpose(tensor, [...axes])
    state.set(name, { shape: turned.shape, data: (await turned.data()) as Float32Array })
    turned.dispose()
  }
  return state
}
