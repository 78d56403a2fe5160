import type * as tf from '@tensorflow/tfjs'
import {
  sizeOf,
  apply,
  GpdError,
  graph,
  initializeStatistics,
  zeros,
  type Fields,
  type FieldSpec,
  type Graph,
  type Initializer,
  type LossTensors,
  type Network,
  type ParameterSpec,
  type RandomStream,
  type Shape,
  type TensorRecord,
} from '@gpdjs/core'

export const floats = (shape: Shape): FieldSpec => ({ shape, dtype: 'float32' })

/** A network from the input `x`. */
export const startHead = (name: string, shape: Shape): Graph => graph({ name, inputs: { x: floats(shape) } })

/** Builds a network once for each list of arguments: steps run it again, and its plan is kept with it. */
export function once<Arguments extends readonly unknown[]>(build: (...given: Arguments) => Network): typeof build {
  const known = new Map<string, Network>()
  return (...given) => {
    const key = JSON.stringify(given)
    const network = known.get(key) ?? build(...given)
    known.set(key, network)
    return network
  }
}

/** What a loss calls a parameter of its network: the weight of the node `x.kernel` is `x.kernel`, its bias `x.bias`. */
const nameOf = (parameter: string): string =>
  parameter.replace(/\.(kernel|depthwise|pointwise)\.weight$/, '.$1').replace(/\.kernel\.bias$/, '.bias')

/**
 * The parameters of a network as a loss asks for them. Biases begin at 0.
 *
 * @param kernel how kernels begin, if not as their op declares; takes the number of inputs of one output
 */
export function headSpecs({ parameters }: Network, kernel?: (fanIn: number) => Initializer): ParameterSpec[] {
  const initial = ({ name, shape, initializer }: ParameterSpec) => {
    if (name.endsWith('.bias')) return zeros
    const fanIn = sizeOf(shape.slice(0, -1))
    return shape.length > 1 && kernel ? kernel(fanIn) : initializer
  }
  return parameters.map((spec) => ({ ...spec, name: nameOf(spec.name), initializer: initial(spec) }))
}

/** Networks as a loss trains them. */
export const trainedHeads = (networks: readonly Network[]): Required<Pick<LossTensors, 'heads' | 'networks'>> => ({
  heads: networks.flatMap((network) => headSpecs(network)),
  networks,
})

/** @throws GpdError `plugin.invalid` if the caller did not make the tensors that `prepare` asked for */
export function headOf(where: string, heads: TensorRecord | undefined, name: string): tf.Tensor {
  const head = heads?.[name]
  if (head !== undefined) return head
  const problem = `${where}: expected the trained tensor '${name}' in context.heads, got ${Object.keys(heads ?? {}).join(', ') || 'none'}.`
  throw new GpdError(
    'plugin.invalid',
    problem,
    'Make what prepare() asks for (initializeParameters), or use the trainer.',
  )
}

/**
 * Runs a network with the tensors that a loss trains for it. In training mode always, since nothing but the loss looks
 * through it: batches are normalized by their own moments, and moving ones stay as they begin.
 */
export function runHead(
  where: string,
  network: Network,
  heads: TensorRecord | undefined,
  inputs: Fields,
  random?: () => RandomStream,
): Fields {
  const parameters = Object.fromEntries(
    network.parameters.map(({ name }) => [name, headOf(where, heads, nameOf(name))]),
  )
  const model = { network, parameters, statistics: initializeStatistics(network.statistics) }
  return apply(model, inputs, { training: true, ...(random && { random }) }).outputs
}
