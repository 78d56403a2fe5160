import type { NetworkNode } from '@gpdjs/core'

/** How PyTorch calls a parameter, and how many axes of size 1 it puts in front. */
export interface TorchName {
  readonly name: string
  readonly leadingAxes: number
}

/** Parameters that PyTorch modules hold themselves, not in a layer of their own: there the node's name is all. */
const bareParameters: Readonly<Record<string, number>> = {
  // [1, count, channels] and [1, tokens, channels]
  'prependTokens.token': 1,
  'positionEmbedding.embedding': 1,
  'scale.gamma': 0,
}

/** Names that a PyTorch module spells in a way of its own, as patterns on `<node>.<parameter>`. */
const spellings: readonly (readonly [pattern: RegExp, torch: string])[] = [
  // torch.nn.MultiheadAttention keeps q, k and v as parameters of itself.
  [/\.in_proj\.(weight|bias)$/, '.in_proj_$1'],
]

/** The entry of a state dict that holds a parameter or statistic, `parameter` being its short name. */
export function torchName({ id, op }: NetworkNode, parameter: string): TorchName {
  const leadingAxes = bareParameters[`${op}.${parameter}`]
  if (leadingAxes !== undefined) return { name: id, leadingAxes }
  const name = spellings.reduce((spelled, [pattern, torch]) => spelled.replace(pattern, torch), `${id}.${parameter}`)
  return { name, leadingAxes: 0 }
}
