import { GpdError } from '../errors.ts'
import { fillOptions } from '../options/fill.ts'
import * as kinds from '../options/kinds.ts'
import { needed, type Given } from '../options/option.ts'
import type { OpCall } from './op.ts'
import { rescale } from './rescale.ts'

const numbers = kinds.listOf(kinds.number('a number', () => true))

const OPTIONS = {
  /** What is subtracted, one number for each channel. */
  mean: needed(numbers),
  /** What is divided by then, one number for each channel; not 0. */
  deviation: needed(numbers),
}

export type NormalizeOptions = Given<typeof OPTIONS>

/**
 * `y_c = (x_c − mean_c) / deviation_c` with constants, written as `rescale`: `factor = 1 / deviation`,
 * `shift = −mean / deviation`.
 *
 * @param moments of the training images, such as `moments(train)` of `@gpdjs/data`, if pixels on the scale [0, 1] come in
 * @throws GpdError `config.invalid` unless all numbers are finite, there is one deviation for each mean, and none is 0
 * @example g.add('normal', normalize({ mean: [0.1307], deviation: [0.3081] }), 'image')
 */
export function normalize(moments: NormalizeOptions): OpCall {
  const { mean, deviation } = fillOptions('normalize', OPTIONS, moments)
  const usable =
    mean.every(Number.isFinite) && deviation.every((value) => Number.isFinite(1 / value) && value !== Infinity)
  if (!usable || mean.length !== deviation.length) {
    const found = `means [${mean.join(', ')}] and deviations [${deviation.join(', ')}]`
    const problem = `normalize: expected as many finite means as finite deviations other than 0, got ${found}.`
    throw new GpdError('config.invalid', problem, 'For a channel that never changes give 1 as its deviation.')
  }
  return rescale({
    factor: deviation.map((value) => 1 / value),
    shift: mean.map((value, i) => -value / deviation[i]!),
  })
}
