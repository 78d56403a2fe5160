import { CHANNEL_BRANCH_REPARAMETERIZATION_OPTIONS } from '@gpdjs/cbr-reparam'
import {
  kinds,
  needed,
  option,
  optional,
  pickOptions,
  type Filled,
  type Given,
  type Kind,
  type Option,
  type Schedule,
} from '@gpdjs/core'
import { PAD_CROP_FLIP_OPTIONS, RAND_AUGMENT_OPTIONS } from '@gpdjs/data'
import { INVERSE_REPARAMETERIZATION_OPTIONS, OREPA_OPTIONS } from '@gpdjs/ir-expansion'
import { PUBLISHED_OPTIONS } from '@gpdjs/kd-losses'
import {
  CHECKPOINT_INTERVALS,
  CHECKPOINTS_OPTIONS,
  CLASSIFICATION_OPTIONS,
  DISTILL_OPTIONS,
  DYNAMIC_TEACHER_OPTIONS,
  EMA_OPTIONS,
} from '@gpdjs/trainer'
import { namedLosses, weightedLosses } from './loss.ts'
import { optimizers } from './optimizer.ts'
import { schedules } from './schedule.ts'

/** The default of an option of a function that takes a number or a schedule. */
const numberOf = ({ fallback }: Option<Schedule, Schedule>): number => (typeof fallback === 'number' ? fallback : NaN)

/** A part of the method, or `false` where an arm of a study switches off what its base has. */
const switchable = <T, Input>(part: Kind<T, Input>) => option(kinds.either(kinds.oneOf(false), part), false)

const STUDENT = {
  /**
   * A name from `listNetworks()` of [@gpdjs/architectures](../packages/architectures), such as `resnet8` or `resnet20`.
   */
  network: needed(kinds.text),
  /** Channels of its first stage; the architecture's own if left out. */
  width: optional(kinds.count),
  /** Folder of a saved network to begin with (fine-tuning); drawn from the seed if left out. */
  weights: optional(kinds.text),
}

const DATA = {
  /**
   * Folder with the four IDX files of an MNIST-like data set, each plain or `.gz`: `train-images-idx3-ubyte`, ….
   */
  directory: needed(kinds.text),
  /** Number of different labels (default 10). */
  classes: option(kinds.count, 10),
  /** Names of the classes, in the order of their labels; saved with the student and shown (default: none). */
  classNames: optional(kinds.listOf(kinds.text)),
  /**
   * Training images that are held out to choose the best epoch: how many, or which share of them; 0 for none. The same ones
   * for every seed, and every class keeps its share (default 0.1).
   */
  validation: option(kinds.either(kinds.count, kinds.rate), 0.1),
  /** Train on the first so many of the others only. */
  limitTrain: optional(kinds.count),
  /** Random crops of padded images, and mirror images. */
  augment: switchable(kinds.record(PAD_CROP_FLIP_OPTIONS)),
  /**
   * A second, strongly augmented view `strong` of every training image for losses that compare two (`mlkd`): that of
   * `data.augment`, then RandAugment.
   */
  strong: switchable(kinds.record(RAND_AUGMENT_OPTIONS)),
}

const PUBLISHED = {
  /** [Such as](../packages/kd-losses/README.md#api) `review-kd`, `dkd`, `kd++`. */
  method: needed(kinds.text),
  /** What the numbers were published for. */
  data: needed(kinds.oneOf('cifar100', 'imagenet')),
  ...PUBLISHED_OPTIONS,
}

const TEACHER = {
  /** Folder of a saved network, such as `runs/1/student`; it takes the same images and has the same classes. */
  weights: needed(kinds.text),
  /**
   * What it teaches student and dynamic teacher with: a name and the options of that loss, or a list of them, each with a
   * `weight`.
   */
  loss: option(kinds.either(kinds.listOf(weightedLosses), namedLosses), { name: 'dkd' }),
  /** Weight of the one loss, a number or a [schedule](#schedules) (default 1). */
  weight: option(schedules, 1),
  /**
   * A method with the numbers of its paper instead of `loss` and `weight`; `labelWeight` and `labelViews` must be those that it
   * comes with.
   */
  published: optional(kinds.record(PUBLISHED)),
}

const OREPA = {
  /** The only kind. */
  kind: option(kinds.oneOf('orepa'), 'orepa'),
  ...pickOptions(OREPA_OPTIONS, 'variant', 'branches', 'gates', 'bias'),
}

const DYNAMIC_TEACHER = {
  /** How many times wider than the student (default 2). */
  ratio: option(kinds.count, 2),
  ...pickOptions(DYNAMIC_TEACHER_OPTIONS, 'sharing', 'mapping'),
  /** Branches of its 3×3 convolutions, merged before they are used (default `orepa`). */
  branches: option(kinds.either(kinds.oneOf('none', 'orepa'), kinds.record(OREPA)), 'orepa'),
  ...pickOptions(INVERSE_REPARAMETERIZATION_OPTIONS, 'parameterization'),
  ...CHANNEL_BRANCH_REPARAMETERIZATION_OPTIONS,
  ...pickOptions(INVERSE_REPARAMETERIZATION_OPTIONS, 'noise'),
  /** What it teaches the student with. */
  loss: option(namedLosses, { name: 'soft-cross-entropy', smoothing: 0.1 }),
  /** Weight of that loss, a number or a [schedule](#schedules). */
  weight: option(schedules, numberOf(DYNAMIC_TEACHER_OPTIONS.weight)),
}

const EMA = {
  /** Share of the average that is kept at each step. */
  decay: option(kinds.rate, numberOf(EMA_OPTIONS.decay)),
  ...pickOptions(EMA_OPTIONS, 'warmUp'),
}

const CHECKPOINTS = {
  ...CHECKPOINT_INTERVALS,
  ...pickOptions(CHECKPOINTS_OPTIONS, 'keep'),
}

const checkpointing = kinds.record(CHECKPOINTS)

/** Everything a run is made of. `gpd train --config FILE` reads it; docs/configuration.md is made from it. */
export const CONFIG = {
  /** What is trained. */
  student: needed(kinds.record(STUDENT)),
  /** What it is trained with. */
  data: needed(kinds.record(DATA)),
  /** A trained network that never changes. */
  teacher: switchable(kinds.record(TEACHER)),
  /** The student made wider, trained beside it. */
  dynamicTeacher: switchable(kinds.record(DYNAMIC_TEACHER)),
  /** Weight of the cross-entropy with the labels, a number or a [schedule](#schedules); 0 for pure distillation. */
  labelWeight: option(schedules, numberOf(CLASSIFICATION_OPTIONS.weight)),
  /** Further views of the images whose cross-entropy counts as well: `[strong]` with `mlkd` (default: none). */
  labelViews: CLASSIFICATION_OPTIONS.views,
  /** Passes over the training images (default 10). */
  epochs: option(kinds.count, 10),
  ...pickOptions(DISTILL_OPTIONS, 'batchSize', 'accumulate', 'patience'),
  /** How gradients change what is trained. */
  optimizer: option(optimizers, kinds.defaults(optimizers)),
  /** A moving average of the student, saved beside it. */
  ema: switchable(kinds.record(EMA)),
  /**
   * How often a run is saved so that it can be resumed, whichever comes first, or `false` for never. Without `steps`,
   * `minutes` and `epochs` every two minutes and after every epoch, but at most a hundredth of the time is spent on it.
   */
  checkpoints: option(kinds.either(kinds.oneOf(false), checkpointing), kinds.defaults(checkpointing)),
  ...pickOptions(DISTILL_OPTIONS, 'divergence', 'seed'),
  /** `auto`, `tensorflow`, `wasm` or `cpu` (default `auto`). */
  backend: option(kinds.text, 'auto'),
  /** Folder of the run, new or empty; `--output` goes before it, and starts from where you are (default: `runs/<time>`). */
  output: optional(kinds.text),
}

/** As written in a file: defaults may be left out. */
export type ConfigInput = Given<typeof CONFIG>
/** With every default filled in. */
export type Config = Filled<typeof CONFIG>

/** Named variations of one configuration, each trained with every seed. */
export const STUDY = {
  /** A configuration, or part of one. */
  base: needed(kinds.object),
  /** What each arm changes in `base`, by name: objects are merged key by key, everything else replaces. */
  arms: needed(kinds.recordOf(kinds.object)),
  /** The arm that the others are compared to (default: the first). */
  baseline: optional(kinds.text),
  /** Every arm is trained with each of them; `seed` of `base` is not used (default 0, 1, 2). */
  seeds: option(kinds.listOf(kinds.integer, { expected: 'a list of whole numbers' }), [0, 1, 2]),
}

export type StudyInput = Given<typeof STUDY>
export type Study = Filled<typeof STUDY>
