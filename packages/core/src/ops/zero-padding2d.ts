import * as tf from '@tensorflow/tfjs'
import { GpdError } from '../errors.ts'
import { defineOp } from './op.ts'

export interface ZeroPadding2dAttributes {
  /** Rows added above and below. */
  readonly rows: readonly [before: number, after: number]
  /** Columns added to the left and right. */
  readonly columns: readonly [before: number, after: number]
}

/**
 * Zeros around an image, a number for each side: `[height, width, channels]` →
 * `[height + Σ rows, width + Σ columns, channels]`. For models whose padding is neither symmetric nor TensorFlow's `same`.
 *
 * @example g.add('pad', zeroPadding2d({ rows: [0, 1], columns: [0, 1] }), 'image')
 */
export const zeroPadding2d = defineOp<ZeroPadding2dAttributes>({
  name: 'zeroPadding2d',
  infer({ node, attributes: { rows, columns }, inputs }) {
    const [{ shape, channels }] = inputs as [(typeof inputs)[number]]
    if (shape.length !== 3 || [...rows, ...columns].some((size) => !Number.isInteger(size) || size < 0)) {
      throw new GpdError(
        'network.shape',
        `Node '${node}': expected an image [height, width, channels] and whole numbers ≥ 0, got [${shape.join(', ')}] and rows ${rows.join(', ')}, columns ${columns.join(', ')}.`,
      )
    }
    return { shape: [shape[0]! + rows[0] + rows[1], shape[1]! + columns[0] + columns[1], shape[2]!], channels }
  },
  apply: ({ attributes: { rows, columns }, inputs }) => tf.pad(inputs[0]!, [[0, 0], [...rows], [...columns], [0, 0]]),
})
