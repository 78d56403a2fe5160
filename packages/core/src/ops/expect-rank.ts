import { GpdError } from '../errors.ts'
import type { InferContext } from './op.ts'
import type { Shape } from '../shape.ts'

/** @throws GpdError `network.shape` naming the node, unless the first input has so many axes besides the batch */
export function expectRank({ node, inputs }: InferContext<object>, rank: number, expected: string): Shape {
  const { shape } = inputs[0]!
  if (shape.length === rank) return shape
  throw new GpdError('network.shape', `Node '${node}': expected ${expected}, got [${shape.join(', ')}].`)
}

/**
 * The second input, where there is one, as a mask of tokens: fixes its axis.
 *
 * @throws GpdError `network.shape` naming the node, unless it has one number for each token
 */
export function expectMask({ node, inputs, groups }: InferContext<object>, tokens: number): void {
  const mask = inputs[1]
  if (mask === undefined) return
  groups.fix(mask.channels)
  if (mask.shape.join() === `${tokens}`) return
  throw new GpdError('network.shape', `Node '${node}': expected a mask [${tokens}], got [${mask.shape.join(', ')}].`)
}
