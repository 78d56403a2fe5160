import { kinds, needed, option, optional, taskKind, type Filled, type Given } from '@gpdjs/core'
import type { Heads } from '@gpdjs/interchange'
import { callbackKind } from './callbacks.ts'
import { sources } from './given-data.ts'
import { models } from './given-model.ts'
import { optimizers } from './optimizers/given.ts'
import { pluginOptions } from './pipeline/plugin.ts'
import { tensorRecords } from './pipeline/starting-tensors.ts'

const DATA = {
  /** What is learnt from: a source, or `{ xs, ys }` as `model.fit` takes them. */
  train: needed(sources),
  /** What epochs are judged by; without it only training numbers are logged. */
  validation: optional(sources),
}

export const DIVERGENCE_OPTIONS = {
  /**
   * `stop`: the run ends with the state from before that step. `skip`: the state stays, training goes on with the next
   * batch. `rollback`: the state becomes that of the beginning of the epoch, and training goes on with the next batch
   * (default 'stop').
   */
  policy: option(kinds.oneOf('stop', 'skip', 'rollback'), 'stop'),
  /** How many steps of a run may be refused by `skip` or `rollback`; at the next one the run ends (default 3). */
  most: option(kinds.count, 3),
}

/** What is done about a step whose loss, gradient or result is not finite. Such a step is never accepted. */
export type DivergencePolicy = Filled<typeof DIVERGENCE_OPTIONS>

export const RESUME_OPTIONS = {
  /** A folder that `checkpoints` writes. */
  folder: needed(kinds.text),
  /** Begin anew if there is no checkpoint in it (default false). */
  optional: option(kinds.flag, false),
  /**
   * Entries of the run that may differ from those it was begun with, such as `['rates', 'data.train']`. The number of epochs
   * always may (default: none).
   */
  allow: option(kinds.listOf(kinds.text, { least: 0, expected: 'a list of texts' }), []),
}

export type ResumeOptions = Given<typeof RESUME_OPTIONS>

export const DISTILL_OPTIONS = {
  /** What is trained: a network, a model with its weights, or a `tf.LayersModel`, which is converted and stays as it is. */
  student: needed(models),
  /** Weights to begin with (fine-tuning). Copied (default: those of the student given; of a network drawn from the seed). */
  parameters: optional(tensorRecords),
  /** Batch-norm moments to begin with (default: those of the student given; of a network mean 0, variance 1). */
  statistics: optional(tensorRecords),
  /** Heads of losses to begin with, as `run.heads` and `loadHeads` give them. Copied (default: drawn from the seed). */
  heads: optional(kinds.objectWith<Heads>('heads such as run.heads')),
  /** What it is trained with. */
  data: needed(kinds.record(DATA)),
  /** What networks are trained for: rows, objective, metrics (default: `classification()`; `multiLabel()` for a student that
   * ended in sigmoids). */
  task: optional(taskKind),
  /** How gradients change what is trained: `sgd(…)`, `adam(…)`, `partition(…)`, a name, or one of `tf.train`. */
  optimizer: needed(optimizers),
  /** Passes over the training data. */
  epochs: needed(kinds.count),
  /** Samples in a batch (default 64). */
  batchSize: option(kinds.count, 64),
  /** Batches whose mean gradient makes one step (default 1). */
  accumulate: option(kinds.count, 1),
  /** The parts of the method: `staticTeacher(…)`, `dynamicTeacher(…)`, `ema(…)`, or one's own (default: none). */
  plugins: option(pluginOptions, []),
  /** Of weights, order, augmentation and noise; the same seed gives the same student (default 42). */
  seed: option(kinds.integer, 42),
  /** Stop after this many steps, with schedules as for the whole run (default: never). */
  maxSteps: optional(kinds.count),
  /** Evaluate every so many epochs, and after the last (default 1). */
  evaluateEvery: option(kinds.count, 1),
  /** Stop after so many evaluations in a row without a better one; needs a validation set (default: never). */
  patience: optional(kinds.count),
  /** What is done about a step whose loss, gradient or result is not finite; it is never accepted (default: stop). */
  divergence: option(kinds.record(DIVERGENCE_OPTIONS), kinds.defaults(kinds.record(DIVERGENCE_OPTIONS))),
  /** A folder that `checkpoints` writes: go on where its last good checkpoint ends (default: from the beginning). */
  resume: optional(kinds.either(kinds.text, kinds.record(RESUME_OPTIONS))),
  /** Called as training goes on (default: none). */
  callbacks: option(kinds.either(callbackKind, kinds.listOf(callbackKind, { least: 0 })), []),
  /** Training stops after the step during which it is aborted; the result is what was reached. */
  signal: optional(kinds.objectWith<AbortSignal>('an AbortSignal', 'aborted')),
}

export type DistillOptions = Given<typeof DISTILL_OPTIONS>

/** With every default filled in. */
export type FilledDistillOptions = Filled<typeof DISTILL_OPTIONS>
