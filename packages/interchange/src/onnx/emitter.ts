import { GpdError, type NetworkNode, type Shape } from '@gpdjs/core'
import type { OnnxAttribute, OnnxNode, OnnxTensor } from './model-proto.ts'

/**
 * Collects the nodes and constants of an ONNX graph.
 *
 * Maps `[height, width, channels]` are held as `[N, channels, height, width]` inside, because ONNX convolves nothing
 * else; tokens `[tokens, channels]` and vectors keep their order.
 */
export class OnnxGraph {
  readonly nodes: OnnxNode[] = []
  readonly tensors = new Map<string, OnnxTensor>()
  readonly #names = new Set<string>()

  /** A name nothing else has. */
  fresh(name: string): string {
    let free = name
    for (let count = 2; this.#names.has(free); count++) free = `${name}_${count}`
    this.#names.add(free)
    return free
  }

  constant(name: string, tensor: OnnxTensor): string {
    const free = this.fresh(name)
    this.tensors.set(free, tensor)
    return free
  }

  node(
    name: string,
    type: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
  ): string {
    const output = this.fresh(name)
    this.nodes.push({ type, inputs, output, attributes })
    return output
  }
}

/** A parameter or statistic, read back. */
export interface HostTensor {
  readonly shape: readonly number[]
  readonly data: Float32Array
}

/** One node of a network, as emitters see it. */
export class EmittedNode {
  readonly id: string
  readonly attributes: NetworkNode['attributes']

  constructor(
    readonly graph: OnnxGraph,
    node: NetworkNode,
    readonly inputs: readonly string[],
    readonly inputShape: Shape,
    readonly outputShape: Shape,
    private readonly tensors: Readonly<Record<string, HostTensor>>,
  ) {
    this.id = node.id
    this.attributes = node.attributes
  }

  get input(): string {
    return this.inputs[0]!
  }

  /** Whether the first input is a map, held with its channels first. */
  get isMap(): boolean {
    return this.inputShape.length === 3
  }

  refuse(problem: string): never {
    throw new GpdError('network.unknown-op', `toOnnx: node '${this.id}' ${problem}, which cannot be written in ONNX.`)
  }

  /** Adds an ONNX node. */
  emit(type: string, inputs: readonly string[], attributes: Readonly<Record<string, OnnxAttribute>> = {}): string {
    return this.graph.node(this.id, type, inputs, attributes)
  }

  tensor(name: string): HostTensor {
    const tensor = this.tensors[`${this.id}.${name}`]
    if (tensor !== undefined) return tensor
    throw new GpdError(
      'network.invalid',
      `toOnnx: no tensor for '${this.id}.${name}'.`,
      'Pass every parameter and statistic of the network.',
    )
  }

  /** A parameter or statistic as a constant, in another shape if one is given. */
  parameter(name: string, shape?: readonly number[]): string {
    const tensor = this.tensor(name)
    return this.graph.constant(`${this.id}.${name}`, { data: tensor.data, shape: shape ?? tensor.shape })
  }

  floats(values: readonly number[], shape: readonly number[] = []): string {
    return this.graph.constant(`${this.id}/constant`, { shape, data: Float32Array.from(values) })
  }

  integers(values: readonly number[], shape: readonly number[] = [values.length]): string {
    return this.graph.constant(`${this.id}/integers`, { shape, data: BigInt64Array.from(values, BigInt) })
  }

  transpose(input: string, perm: readonly number[]): string {
    return this.emit('Transpose', [input], { perm })
  }

  /** `shape` without the batch, which stays as it is. */
  reshape(input: string, shape: readonly number[]): string {
    return this.emit('Reshape', [input, this.integers([0, ...shape])])
  }

  channelsLast(input: string): string {
    return this.transpose(input, [0, 2, 3, 1])
  }

  channelsFirst(input: string): string {
    return this.transpose(input, [0, 3, 1, 2])
  }

  /** Runs something that needs the channels as last axis. */
  withChannelsLast(run: (input: string) => string): string {
    return this.isMap ? this.channelsFirst(run(this.channelsLast(this.input))) : run(this.input)
  }

  /** One number per channel as a shape that broadcasts over the rest. */
  perChannel(channels: number): number[] {
    return this.isMap ? [channels, 1, 1] : [channels]
  }
}

/** Writes one op as ONNX nodes and returns the name of the value that holds its result. */
export type Emitter = (node: EmittedNode) => string
