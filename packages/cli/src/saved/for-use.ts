import * as tf from '@tensorflow/tfjs'
import { foldBatchNorm, foldRescale, GpdError, withNormalization, withProbabilities, type Model } from '@gpdjs/core'
import type { ChannelMoments } from '@gpdjs/data'
import { insideMetadata, momentsMetadata, outputMetadata, savedMoments, type Metadata } from './metadata.ts'

/** What a network takes: pixels of a range, or pixels that were normalized as in training. */
export type InputChoice = '0..1' | '0..255' | 'normalized'

export interface UseOptions {
  readonly input: InputChoice
  readonly scores: 'logits' | 'probabilities'
  /** Whether batch norms, and the normalization where that is exact, become part of kernels. */
  readonly folds: boolean
}

/** The largest pixel. */
const LARGEST: Readonly<Record<Exclude<InputChoice, 'normalized'>, number>> = { '0..1': 1, '0..255': 255 }

const scaled = ({ mean, deviation }: ChannelMoments, factor: number): ChannelMoments => ({
  mean: mean.map((value) => value * factor),
  deviation: deviation.map((value) => value * factor),
})

/** Pixels of a range as they are, in the words of the metadata: `(pixel / 255 − 0) / (1 / largest)`. */
const plain = ({ mean }: ChannelMoments, largest: number): ChannelMoments => ({
  mean: mean.map(() => 0),
  deviation: mean.map(() => 1 / largest),
})

/** A student as it is given away, and what its file says about it. */
export interface ForUse {
  readonly model: Model
  readonly metadata: Metadata
  dispose(): void
}

/**
 * A trained student with what its user would have to know otherwise: the normalization of its images, and whether its scores
 * are logits.
 *
 * @param metadata what was saved with it
 * @throws GpdError `config.missing` for pixels as input if what the images were normalized by was not saved
 */
export function forUse(student: Model, metadata: Metadata, { input, scores, folds }: UseOptions): ForUse {
  const made: Model[] = []
  const own = (model: Model): Model => {
    made.push(model)
    return model
  }
  const folded = folds ? own(foldBatchNorm(student)) : student
  const moments = savedMoments(metadata)
  const entries: Metadata[] = [metadata, outputMetadata(scores)]
  let model = folded
  if (input !== 'normalized') {
    if (moments === undefined) {
      const problem = `--input ${input}: expected a network that says what its images were normalized by, got one that does not.`
      throw new GpdError('config.missing', problem, 'Use --input normalized.')
    }
    const largest = LARGEST[input]
    const normal = withNormalization(folded, scaled(moments, largest))
    model = folds ? own(foldRescale(normal)) : normal
    entries.push(momentsMetadata(plain(moments, largest)), insideMetadata(moments))
  }
  if (scores === 'probabilities') model = withProbabilities(model)
  return {
    model,
    metadata: Object.assign({}, ...entries) as Metadata,
    dispose: () => tf.dispose(made.map(({ parameters, statistics }) => [parameters, statistics])),
  }
}
