import { normalize, type NormalizeOptions } from '../ops/normalize.ts'
import { checkCall, type OpCall } from '../ops/op.ts'
import { softmax, sigmoid } from '../ops/index.ts'
import { checkArgument } from '../options/fill.ts'
import { oneOf } from '../options/scalars.ts'
import { soleInput, soleOutput } from './ends.ts'
import { checkModel, type Model } from './model.ts'
import { defineNetwork, LOGITS, type Network } from './network.ts'
import { networkDefinition } from './saved-network.ts'

/** A name that no node and no input has. */
function freeId({ nodes, inputs }: Network, wanted: string): string {
  const taken = new Set([...Object.keys(inputs), ...nodes.map(({ id }) => id)])
  let id = wanted
  for (let count = 2; taken.has(id); count++) id = `${wanted} ${count}`
  return id
}

/**
 * The same network with an op without parameters between its only input and everything that reads it.
 *
 * @param id of the new node, followed by a number if the name is taken
 * @param caller for messages: the function that was asked for
 * @throws GpdError `network.invalid` if there are several inputs, `network.shape` if the op does not fit
 * @example prependOp(network, 'signed', rescale({ factor: [2], shift: [-1] }))
 */
export function prependOp(network: Network, id: string, op: OpCall, caller = 'prependOp'): Network {
  checkCall(id, op)
  const [input] = soleInput(network, caller)
  const first = { id: freeId(network, id), ...op, inputs: [input] }
  const read = (name: string) => (name === input ? first.id : name)
  const { nodes, ...definition } = networkDefinition(network)
  return defineNetwork({
    ...definition,
    nodes: [first, ...nodes.map((node) => ({ ...node, inputs: node.inputs.map(read) }))],
  })
}

/**
 * A model that normalizes its images itself: it takes `x` where `model` takes `(x − mean) / deviation`.
 *
 * @param moments for each channel, on the scale of what shall come in: `moments(train)` of `@gpdjs/data` for pixels 0…1
 * @returns with the same tensors, not copies of them
 * @throws GpdError `config.invalid` for deviations that are 0, or numbers that are not finite; `network.shape` unless there is
 *   one of each for every channel; `network.invalid` if there are several inputs
 * @example const deployed = withNormalization(model, { mean: [0.1307], deviation: [0.3081] }) // takes pixels / 255
 */
export const withNormalization = (model: Model, moments: NormalizeOptions): Model => ({
  ...model,
  network: prependOp(
    checkModel('withNormalization', model).network,
    'normalized',
    normalize(moments),
    'withNormalization',
  ),
})

const PROBABILITIES = 'probabilities'
const BY_ACTIVATION = { softmax, sigmoid }
const activations = oneOf('softmax', 'sigmoid')

/**
 * A model whose output is probabilities, called `probabilities`, instead of `logits`. For networks that are given away: losses
 * and `evaluate` read logits.
 *
 * @param activation `'softmax'` (default) where one class of all is right, `'sigmoid'` where each is right or wrong by itself
 * @returns with the same tensors, not copies of them
 * @throws GpdError `network.invalid` if there are several outputs
 * @example await toOnnx(withProbabilities(model))
 */
export function withProbabilities(model: Model, activation: keyof typeof BY_ACTIVATION = 'softmax'): Model {
  const { nodes, ...definition } = networkDefinition(checkModel('withProbabilities', model).network)
  checkArgument('withProbabilities', 'activation', activations, activation)
  const [, scores] = soleOutput(model.network, 'withProbabilities')
  const last = { id: freeId(model.network, PROBABILITIES), ...BY_ACTIVATION[activation](), inputs: [scores] }
  const network = defineNetwork({ ...definition, nodes: [...nodes, last], outputs: { [PROBABILITIES]: last.id } })
  return { ...model, network }
}

/** The model that `withProbabilities` was given, apart from the name of its output; others as they are. */
export function withLogits(model: Model): Model {
  const { nodes, outputs, ...definition } = networkDefinition(checkModel('withLogits', model).network)
  const last = nodes.at(-1)
  const added = last !== undefined && outputs[PROBABILITIES] === last.id && Object.hasOwn(BY_ACTIVATION, last.op)
  if (!added) return model
  const network = defineNetwork({ ...definition, nodes: nodes.slice(0, -1), outputs: { [LOGITS]: last.inputs[0]! } })
  return { ...model, network }
}
