import { isAbsolute, join } from 'node:path'
import * as tf from '@tensorflow/tfjs'
import { createNetwork } from '@gpdjs/architectures'
import { GpdError, type Network, type Model } from '@gpdjs/core'
import { loadNetwork } from '@gpdjs/interchange'
import { classification, type DistillOptions, type StaticTeacherOptions } from '@gpdjs/trainer'
import { savedMoments } from '../saved/metadata.ts'
import { prepareData, type PreparedData } from './data.ts'
import { classesOf, imageShapeOf } from './images.ts'
import { at } from './key-path.ts'
import { optimizerOf } from './optimizer.ts'
import { pluginsOf } from './plugins.ts'
import { scheduleOf } from './schedule.ts'
import type { Config } from './schema.ts'

/** Everything that a configuration names, read and checked. */
export interface Prepared {
  readonly config: Config
  readonly student: Network
  /** Weights to begin with. */
  readonly given: Model | undefined
  readonly teacher: (Model & { readonly metadata: Readonly<Record<string, string>> }) | undefined
  readonly data: PreparedData
}

const under = (folder: string, path: string) => (isAbsolute(path) ? path : join(folder, path))

/** Paths in a configuration file start from that file. */
export function resolvePaths(config: Config, folder: string): Config {
  const { student, data, teacher, output } = config
  return {
    ...config,
    data: { ...data, directory: under(folder, data.directory) },
    teacher: teacher && { ...teacher, weights: under(folder, teacher.weights) },
    student: { ...student, ...(student.weights !== undefined && { weights: under(folder, student.weights) }) },
    ...(output !== undefined && { output: under(folder, output) }),
  }
}

const shown = (shape: readonly number[]) => `[${shape.join(', ')}]`

/** A teacher must take images of the same shape and have the same number of classes. */
function checkTeacher({ network }: Model, student: Network): void {
  if (classesOf(network) !== classesOf(student)) {
    throw new GpdError(
      'config.invalid',
      `teacher.weights: the teacher has ${classesOf(network)} classes, the student ${classesOf(student)}.`,
      'Distillation of logits needs the same classes in the same order.',
    )
  }
  const [taken, given] = [imageShapeOf(network), imageShapeOf(student)].map((shape = []) => shown(shape))
  if (taken === given) return
  throw new GpdError(
    'config.invalid',
    `teacher.weights: the teacher takes images of ${taken}, the data has ${given}.`,
    'Use a teacher that was trained on images of this size.',
  )
}

const shapesOf = ({ parameters }: Network) => parameters.map(({ name, shape }) => `${name} ${shown(shape)}`)

/** Weights to begin with must be those of the network that is asked for. */
function checkGiven({ network }: Model, student: Network): void {
  const [found, expected] = [new Set(shapesOf(network)), shapesOf(student)]
  const missing = expected.find((parameter) => !found.has(parameter))
  if (missing === undefined) return
  throw new GpdError(
    'checkpoint.incompatible',
    `student.weights: expected weights of '${student.name}' with ${missing}, got those of '${network.name}'.`,
    'Name the network and the width that the weights were trained with.',
  )
}

/** @throws GpdError for whatever does not exist or does not fit together; nothing has been trained or written then */
export async function prepare(config: Config): Promise<Prepared> {
  const data = await prepareData(config)
  const { network, width, weights } = config.student
  const options = {
    classes: config.data.classes,
    inputShape: [...data.train.fields['image']!.shape],
    ...(width !== undefined && { width }),
  }
  const student = at('student.network', () => createNetwork(network, options))
  const given = weights === undefined ? undefined : await loadNetwork(weights)
  if (given) checkGiven(given, student)
  const teacher = config.teacher ? await loadNetwork(config.teacher.weights) : undefined
  if (teacher) checkTeacher(teacher, student)
  return { config, student, given, teacher, data }
}

/** A teacher that remembers what its images were normalized by gets them like that. */
function teacherNormalization(teacher: Prepared['teacher'], data: PreparedData): StaticTeacherOptions['normalization'] {
  const remembered = teacher && savedMoments(teacher.metadata)
  return remembered && { data: data.moments, teacher: remembered }
}

/** Frees the tensors of what was prepared. */
export function disposePrepared({ given, teacher }: Prepared): void {
  for (const loaded of [given, teacher]) if (loaded) tf.dispose([loaded.parameters, loaded.statistics])
}

/**
 * The same, as `distill` takes it.
 *
 * @throws GpdError `config.invalid`, `config.unknown-key` for options of losses, schedules and optimizers
 */
export function distillOptions({ config, student, given, teacher, data }: Prepared): DistillOptions {
  const { epochs, batchSize, accumulate, seed, patience, divergence } = config
  return {
    student,
    ...(given && { parameters: given.parameters, statistics: given.statistics }),
    data: { train: data.train, ...(data.validation && { validation: data.validation }) },
    optimizer: optimizerOf(config.optimizer),
    plugins: pluginsOf(config, teacher, teacherNormalization(teacher, data)),
    task: classification({ weight: scheduleOf(config.labelWeight), views: config.labelViews }),
    patience,
    epochs,
    batchSize,
    accumulate,
    divergence,
    seed,
  }
}
