import { GpdError, type BatchSource } from '@gpdjs/core'
import {
  chain,
  countImages,
  imageSource,
  moments,
  padCropFlip,
  randAugment,
  split,
  take,
  type ChannelMoments,
  type ImageSet,
  type ImageSourceOptions,
} from '@gpdjs/data'
import { readMnistFolder } from '@gpdjs/data/node'
import { at } from './key-path.ts'
import type { Config } from './schema.ts'

/** The sets of a run. */
export interface PreparedData {
  readonly train: BatchSource
  /** undefined if the configuration holds none out. */
  readonly validation: BatchSource | undefined
  readonly test: BatchSource
  /** What all of them are normalized by: that of the training images, so that nothing is learned from the others. */
  readonly moments: ChannelMoments
}

const readFolder = (directory: string, classes: number) => readMnistFolder(directory, { name: directory, classes })

/** How training images change, and the strong view that some losses compare with it. */
function augmentations({ augment, strong }: Config['data']): Pick<ImageSourceOptions, 'augment' | 'views'> {
  const weak = augment && padCropFlip(augment)
  return {
    ...(weak && { augment: weak }),
    ...(strong && { views: { strong: chain(...(weak ? [weak] : []), randAugment(strong)) } }),
  }
}

/** What is trained on and what is held out: the same images for every seed, so that all runs are judged by the same ones. */
function holdOut(all: ImageSet, validation: number): { train: ImageSet; validation: ImageSet | undefined } {
  if (validation === 0) return { train: all, validation: undefined }
  const count = countImages(all)
  if (validation < count) return split(all, { validation, seed: 0 })
  const problem = `expected fewer than all ${count} training images, got ${validation}.`
  throw new GpdError('config.invalid', problem, 'Give fewer, a share such as 0.1, or 0 to hold out none.')
}

/** Those of a set; a channel that never changes is not divided by its deviation of 0. */
function usableMoments(set: ImageSet): ChannelMoments {
  const { mean, deviation } = moments(set)
  return { mean, deviation: deviation.map((value) => (value === 0 ? 1 : value)) }
}

/**
 * @param given moments to normalize by instead of those of the training images
 * @throws GpdError `data.missing`, `data.corrupt`, `data.mismatch`, `data.label-range`, `config.invalid`
 */
export async function prepareData({ data }: Pick<Config, 'data'>, given?: ChannelMoments): Promise<PreparedData> {
  const { limitTrain = Infinity } = data
  const { train: all, test } = await readFolder(data.directory, data.classes)
  const parts = at('data.validation', () => holdOut(all, data.validation))
  const train = limitTrain < parts.train.labels.length ? take(parts.train, limitTrain) : parts.train
  const normal = given ?? usableMoments(train)
  return {
    train: imageSource(train, { moments: normal, ...augmentations(data) }),
    validation: parts.validation && imageSource(parts.validation, { moments: normal }),
    test: imageSource(test, { moments: normal }),
    moments: normal,
  }
}

/** The test set of a folder alone, normalized by `given` or by what all its training images are. */
export async function prepareTest(directory: string, classes: number, given?: ChannelMoments): Promise<BatchSource> {
  const { train, test } = await readFolder(directory, classes)
  return imageSource(test, { moments: given ?? usableMoments(train) })
}
