import * as tf from '@tensorflow/tfjs'
import { GpdError } from '../errors.ts'
import { defineOp, type InferContext, type NoAttributes, type Op } from './op.ts'

function checkAlike({ node, inputs }: InferContext<NoAttributes>, from: number, to?: number): void {
  const [first, ...rest] = inputs.map(({ shape }) => shape.slice(from, to).join())
  if (rest.every((shape) => shape === first)) return
  const found = inputs.map(({ shape }) => `[${shape.join(', ')}]`).join(' and ')
  throw new GpdError('network.shape', `Node '${node}': inputs do not fit together, got ${found}.`)
}

/** Combines inputs of one shape, number by number: their channel groups become one. */
const joined = (name: string, f: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): Op<NoAttributes> =>
  defineOp({
    name,
    arity: [2, Infinity],
    infer(context) {
      checkAlike(context, 0)
      return {
        shape: context.inputs[0]!.shape,
        channels: context.groups.join(context.inputs.map(({ channels }) => channels)),
      }
    },
    apply: ({ inputs }) => inputs.reduce(f),
  })

export const add = joined('add', (a, b) => tf.add(a, b))
export const multiply = joined('multiply', (a, b) => tf.mul(a, b))

/** Concatenation along the channels; each input's channels stay in their own group. */
export const concat = defineOp({
  name: 'concat',
  arity: [2, Infinity],
  infer(context) {
    checkAlike(context, 0, -1)
    const { inputs } = context
    const channels = inputs.reduce((sum, { shape }) => sum + shape.at(-1)!, 0)
    return { shape: [...inputs[0]!.shape.slice(0, -1), channels], channels: inputs.flatMap((input) => input.channels) }
  },
  apply: ({ inputs }) => tf.concat([...inputs], -1),
})
