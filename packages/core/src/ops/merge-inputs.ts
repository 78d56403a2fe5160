import * as tf from '@tensorflow/tfjs'
import { GpdError } from '../errors.ts'
import type { Shape } from '../shape.ts'
import { defineOp, type InferContext, type NoAttributes, type Op } from './op.ts'

/** Whether the sizes along one axis fit together, which may be the last one: the channels. */
type Alike = (sizes: readonly number[], last: boolean) => boolean

const allEqual = (sizes: readonly number[]): boolean => sizes.every((size) => size === sizes[0])

/** The largest size along each axis, if what the inputs have there fits together. */
function commonShape({ node, inputs }: InferContext<object>, fits: Alike): Shape {
  const [first, ...rest] = inputs.map(({ shape }) => shape) as [Shape, ...Shape[]]
  const sizesAt = (axis: number) => [first, ...rest].map((shape) => shape[axis]!)
  const alike =
    rest.every((shape) => shape.length === first.length) &&
    first.every((_, axis) => fits(sizesAt(axis), axis === first.length - 1))
  if (alike) return first.map((_, axis) => Math.max(...sizesAt(axis)))
  const found = inputs.map(({ shape }) => `[${shape.join(', ')}]`).join(' and ')
  throw new GpdError('network.shape', `Node '${node}': inputs do not fit together, got ${found}.`)
}

/** Every input has all channels; one of a single row or column stands for each of the others' rows or columns. */
const overPositions: Alike = (sizes, last) => (last ? allEqual(sizes) : allEqual(sizes.filter((size) => size !== 1)))

/**
 * Combines inputs of one shape, number by number: their channel groups become one. An input with one row or column is
 * combined with every row or column of the others: `[1, 1, channels]` gates the channels of a map.
 */
const joined = (name: string, f: (inputs: readonly tf.Tensor[]) => tf.Tensor): Op<NoAttributes> =>
  defineOp({
    name,
    arity: [2, Infinity],
    infer: (context) => ({
      shape: commonShape(context, overPositions),
      channels: context.groups.join(context.inputs.map(({ channels }) => channels)),
    }),
    apply: ({ inputs }) => f(inputs),
  })

export const add = joined('add', (inputs) => inputs.reduce((a, b) => tf.add(a, b)))
export const multiply = joined('multiply', (inputs) => inputs.reduce((a, b) => tf.mul(a, b)))

/** Concatenation along the channels; each input's channels stay in their own group. */
export const concat = defineOp({
  name: 'concat',
  arity: [2, Infinity],
  infer(context) {
    const { inputs } = context
    const positions = commonShape(context, (sizes, last) => last || allEqual(sizes)).slice(0, -1)
    const channels = inputs.reduce((sum, { shape }) => sum + shape.at(-1)!, 0)
    return { shape: [...positions, channels], channels: inputs.flatMap((input) => input.channels) }
  },
  apply: ({ inputs }) => tf.concat([...inputs], -1),
})
