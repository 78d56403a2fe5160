import * as tf from '@tensorflow/tfjs'
import { GpdError } from '../errors.ts'
import * as kinds from '../options/kinds.ts'
import { needed, type Filled, type Kind } from '../options/option.ts'
import { defineOp } from './op.ts'

type Sides = readonly [before: number, after: number]

/** A list of two is checked to be one. */
const sides = kinds.listOf(kinds.countOrNone, { length: 2, expected: 'a list [before, after]' }) as Kind<Sides>

const ATTRIBUTES = {
  /** Rows added above and below. */
  rows: needed(sides),
  /** Columns added to the left and right. */
  columns: needed(sides),
}

export type ZeroPadding2dAttributes = Filled<typeof ATTRIBUTES>

/**
 * Zeros around an image, a number for each side: `[height, width, channels]` →
 * `[height + Σ rows, width + Σ columns, channels]`. For models whose padding is neither symmetric nor TensorFlow's `same`.
 *
 * @example g.add('pad', zeroPadding2d({ rows: [0, 1], columns: [0, 1] }), 'image')
 */
export const zeroPadding2d = defineOp({
  name: 'zeroPadding2d',
  attributes: ATTRIBUTES,
  infer({ node, attributes: { rows, columns }, inputs }) {
    const [{ shape, channels }] = inputs as [(typeof inputs)[number]]
    if (shape.length !== 3) {
      throw new GpdError(
        'network.shape',
        `Node '${node}': expected an image [height, width, channels], got [${shape.join(', ')}].`,
      )
    }
    return { shape: [shape[0]! + rows[0] + rows[1], shape[1]! + columns[0] + columns[1], shape[2]!], channels }
  },
  apply: ({ attributes: { rows, columns }, inputs }) => tf.pad(inputs[0]!, [[0, 0], [...rows], [...columns], [0, 0]]),
})
