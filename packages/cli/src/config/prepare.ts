import { isAbsolute, join } from 'node:path'
import { createNetwork } from '@gpdjs/architectures'
import { GpdError, type Network } from '@gpdjs/core'
import { moments, padCropFlip, split, take, type ImageSet } from '@gpdjs/data'
import { readMnistFolder } from '@gpdjs/data/node'
import { imageSource, loadNetwork, type BatchSource, type DistillOptions, type ExtractedNetwork } from '@gpdjs/trainer'
import { optimizerOf, pluginsOf } from './plugins.ts'
import { scheduleOf } from './schedule.ts'
import type { Config } from './schema.ts'

/** Everything that a configuration names, read and checked. */
export interface Prepared {
  readonly config: Config
  readonly student: Network
  readonly given: ExtractedNetwork | undefined
  readonly teacher: ExtractedNetwork | undefined
  readonly data: { readonly train: BatchSource; readonly validation: BatchSource; readonly test: BatchSource }
}

const under = (folder: string, path: string) => (isAbsolute(path) ? path : join(folder, path))

/** Paths in a configuration file start from that file. */
export function resolvePaths(config: Config, folder: string): Config {
  return {
    ...config,
    data: { ...config.data, directory: under(folder, config.data.directory) },
    ...(config.teacher && { teacher: { ...config.teacher, weights: under(folder, config.teacher.weights) } }),
    ...(config.student.weights !== undefined && { student: { ...config.student, weights: under(folder, config.student.weights) } }),
  }
}

/** @throws GpdError `data.missing`, `data.corrupt`, `data.mismatch`, `data.label-range`, `config.invalid` */
export async function prepareData({ data }: Pick<Config, 'data'>): Promise<Prepared['data'] & { readonly images: ImageSet }> {
  const { train: all, test } = await readMnistFolder(data.directory, { name: data.directory, classes: data.classes })
  const parts = split(all, { validation: data.validation, seed: 0 })
  const { limitTrain = Infinity } = data
  const train = limitTrain < parts.train.labels.length ? take(parts.train, limitTrain) : parts.train
  // Validation and test images are normalized by what training images are: nothing is learnt from them.
  const normal = moments(train)
  return {
    images: train,
    train: imageSource(train, { moments: normal, ...(data.augment && { augment: padCropFlip(data.augment) }) }),
    validation: imageSource(parts.validation, { moments: normal }),
    test: imageSource(test, { moments: normal }),
  }
}

/** @throws GpdError for whatever does not exist or does not fit together; nothing has been trained or written then */
export async function prepare(config: Config): Promise<Prepared> {
  const { images, ...data } = await prepareData(config)
  const { network, width, weights } = config.student
  const student = createNetwork(network, { classes: config.data.classes, inputShape: [...images.shape], ...(width !== undefined && { width }) })
  const given = weights === undefined ? undefined : await loadNetwork(weights)
  const teacher = config.teacher && (await loadNetwork(config.teacher.weights))
  if (teacher && teacher.network.classes !== student.classes) {
    throw new GpdError('data.mismatch', `The teacher has ${teacher.network.classes} classes, the student ${student.classes}.`, 'Logit distillation needs the same classes in the same order.')
  }
  return { config, student, given, teacher, data }
}

/** The same, as `distill` takes it. */
export function distillOptions({ config, student, given, teacher, data }: Prepared): DistillOptions {
  const { epochs, batchSize, accumulate, seed } = config
  return {
    student,
    ...(given && { parameters: given.parameters, statistics: given.statistics }),
    data: { train: data.train, validation: data.validation },
    optimizer: optimizerOf(config.optimizer),
    plugins: pluginsOf(config, teacher),
    labelWeight: scheduleOf(config.labelWeight),
    epochs,
    batchSize,
    accumulate,
    seed,
  }
}
