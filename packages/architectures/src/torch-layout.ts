import { GpdError, type Axis, type Network, type ParameterSpec } from '@gpdjs/core'
import { torchName } from './torch-names.ts'

/** How PyTorch stores a parameter or statistic of a network. */
export interface TorchLayout {
  /** Its name in a state dict. */
  readonly name: string
  readonly shape: readonly number[]
  /** `shape`, with an axis over flattened feature maps cut into channels and positions. */
  readonly factors: readonly number[]
  /** Transposes a tensor of shape `factors` into the order of this project. */
  readonly permutation: readonly number[]
}

/** Our axes in PyTorch's order. Whatever is not listed has one axis, or the same order in both. */
const axisOrders: Readonly<Record<string, readonly number[]>> = {
  // [height, width, in, out] → [out, in, height, width]
  'conv2d.weight': [3, 2, 0, 1],
  // [height, width, channels, 1] → [channels, 1, height, width]
  'depthwiseConv2d.weight': [2, 3, 0, 1],
  // [in, out] → [out, in]
  'dense.weight': [1, 0],
}

/** Positions that an axis runs over for each channel: more than one behind `flatten`. */
function axisPositions(network: Network, name: string, { segments }: Axis): number {
  const [first, ...others] = segments
  if (first === undefined || segments.every(({ repeat }) => repeat === 1)) return 1
  // PyTorch flattens images channel by channel but tokens row by row; a mixture has no one order.
  const ofTokens = network.nodes.some(
    ({ op, inputs }) => op === 'flatten' && network.shapes[inputs[0] ?? '']?.length === 2,
  )
  if (others.length === 0 && !ofTokens) return first.repeat
  const found = ofTokens ? 'flattened tokens' : 'a concatenation'
  throw new GpdError(
    'checkpoint.incompatible',
    `'${name}': expected to follow one flattened feature map, got ${found}: PyTorch's order of its values is not known.`,
  )
}

/** Layouts of all parameters and statistics, under the names they have in the network. */
export function torchLayouts(network: Network): ReadonlyMap<string, TorchLayout> {
  const nodes = new Map(network.nodes.map((node) => [node.id, node]))
  const layout = ({ name, node: id, shape, axes }: Pick<ParameterSpec, 'name' | 'node' | 'shape' | 'axes'>) => {
    const node = nodes.get(id)!
    const short = name.slice(id.length + 1)
    const order = axisOrders[`${node.op}.${short}`] ?? shape.map((_, axis) => axis)
    const torch = torchName(node, short)
    // Of each of our axes: its size, and its place among PyTorch's factors.
    const parts = order.flatMap((axis) => {
      const size = shape[axis] ?? 1
      const positions = axisPositions(network, name, axes[axis] ?? { role: 'fixed', segments: [] })
      // Ours [positions, channels], PyTorch's [channels, positions].
      const cut = [{ axis, rank: 1, size: size / positions }]
      return positions === 1 ? cut : [...cut, { axis, rank: 0, size: positions }]
    })
    const places = parts.map((part, place) => ({ ...part, place })).sort((a, b) => a.axis - b.axis || a.rank - b.rank)
    return {
      name: torch.name,
      shape: [...Array.from({ length: torch.leadingAxes }, () => 1), ...order.map((axis) => shape[axis] ?? 1)],
      factors: parts.map(({ size }) => size),
      permutation: places.map(({ place }) => place),
    }
  }
  return new Map([...network.parameters, ...network.statistics].map((spec) => [spec.name, layout(spec)]))
}
