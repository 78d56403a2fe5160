import * as tf from '@tensorflow/tfjs'
import {
  axesShape,
  checkArgument,
  fillOptions,
  GpdError,
  initializeParameters,
  sizeOf,
  tensorOps,
  type TensorRecord,
} from '@gpdjs/core'
import { VIEW_OPTIONS, type ViewOptions } from './expander.ts'
import {
  mergeBranches,
  storageScale,
  studentScale,
  type Expansion,
  type StoredParameter,
} from './expansion/expansion.ts'
import { expansionNoise, noises, type Noise } from './noise.ts'
import { tileChannels } from './tile.ts'

function fresh(stored: StoredParameter, seed: number): tf.Tensor {
  if (stored.values) return tf.tensor(stored.values(stored.shape), [...stored.shape])
  return initializeParameters([stored], seed)[stored.name]!
}

/**
 * The student as it is stored before widening: every branched kernel replaced by its branches.
 *
 * `origin` takes over the kernel; the other branches are drawn. A bias that only branches have starts at zero.
 *
 * @param plain parameters of the student
 * @returns one tensor for each entry of `expansion.stored`, at the student's size; the caller owns them
 */
export function branchParameters(expansion: Expansion, plain: TensorRecord, seed: number): Record<string, tf.Tensor> {
  return tf.tidy(() => {
    const kernels = expansion.merges.flatMap(({ parameter, stored, fromKernel }) => {
      if (plain[parameter] === undefined) throw missing(parameter)
      return Object.entries(fromKernel(plain[parameter])).map(([short, tensor]) => [stored[short]!, tensor] as const)
    })
    const given: TensorRecord = { ...plain, ...Object.fromEntries(kernels) }
    const branched = new Set(expansion.merges.flatMap(({ stored }) => Object.values(stored)))
    const addedBiases = new Set(expansion.merges.map(({ bias }) => bias))
    const value = (stored: StoredParameter) => {
      const known = given[stored.name]
      if (known !== undefined) return tf.clone(known)
      if (branched.has(stored.name)) return fresh(stored, seed)
      if (addedBiases.has(stored.name)) return tf.zeros([...stored.shape])
      throw missing(stored.name)
    }
    return Object.fromEntries(expansion.stored.map((stored) => [stored.name, value(stored)]))
  })
}

const missing = (name: string) =>
  new GpdError(
    'checkpoint.incompatible',
    `liftParameters: no tensor for '${name}'.`,
    'Pass every parameter of the student.',
  )

function raise(error: GpdError): never {
  throw error
}

/**
 * Inverse Reparameterization: `θ = (tile(W) / Π r_in + noise) / s`, the tensors that are trained.
 *
 * @param branched what `branchParameters` returns, or the student's own parameters where there are no branches
 * @returns tensors of the wide, branched network in storage convention; the caller owns them
 */
export function liftParameters(
  expansion: Expansion,
  branched: TensorRecord,
  noise: Noise,
  seed: number,
): Record<string, tf.Tensor> {
  checkArgument('liftParameters', 'noise', noises, noise)
  const lift = (stored: StoredParameter) => {
    const { name, axes, values, frozen } = stored
    const tensor = branched[name] ?? raise(missing(name))
    const tiled = tf.div(tileChannels(tensor, axes, expansion.ratios), studentScale(stored, expansion))
    // The authors' noise is on the student's own block too, and that of a frozen node has to stay as it is.
    const isClean = values !== undefined || (noise.kind === 'iid' && frozen)
    const added = isClean ? undefined : expansionNoise(name, axes, expansion.ratios, noise, seed)
    return added === undefined ? tiled : tf.add(tiled, tf.div(added, storageScale(stored, expansion)))
  }
  return tf.tidy(() => Object.fromEntries(expansion.stored.map((stored) => [stored.name, tf.tidy(() => lift(stored))])))
}

/** Statistics of the student, repeated for every copy of a channel. */
export function liftStatistics(expansion: Expansion, statistics: TensorRecord): Record<string, tf.Tensor> {
  const lift = ({ name, axes }: (typeof expansion.student.statistics)[number]) =>
    [name, tf.clone(tileChannels(statistics[name] ?? raise(missing(name)), axes, expansion.ratios))] as const
  return tf.tidy(() => Object.fromEntries(expansion.student.statistics.map(lift)))
}

/**
 * Stored tensors without a student: the wide network drawn by itself (the ablation "no mapping").
 * Effective values have the spread that a plain network of that width would have.
 */
export function initializeWide(expansion: Expansion, seed: number): Record<string, tf.Tensor> {
  return tf.tidy(() => {
    const plain = initializeParameters(expansion.teacher.parameters, seed)
    const kernels = expansion.merges.flatMap(({ parameter, stored, fromKernel }) =>
      Object.entries(fromKernel(plain[parameter]!)).map(([short, tensor]) => [stored[short]!, tensor] as const),
    )
    const given: TensorRecord = { ...plain, ...Object.fromEntries(kernels) }
    const value = (stored: StoredParameter) => {
      const shape = axesShape(stored.axes, expansion.ratios)
      if (stored.values)
        return tf.div(tileChannels(fresh(stored, seed), stored.axes, expansion.ratios), studentScale(stored, expansion))
      const effective = given[stored.name] ?? wideBranch(expansion, stored, shape, seed)
      return tf.div(effective, storageScale(stored, expansion))
    }
    return Object.fromEntries(expansion.stored.map((stored) => [stored.name, value(stored)]))
  })
}

/** A branch drawn at the wide size: fan-in grows with the input, so the bound shrinks by √r. */
function wideBranch(expansion: Expansion, stored: StoredParameter, shape: readonly number[], seed: number): tf.Tensor {
  const inputs = stored.axes.filter(({ role }) => role === 'input')
  const growth = Math.sqrt(sizeOf(axesShape(inputs, expansion.ratios)) / sizeOf(axesShape(inputs)))
  return tf.div(initializeParameters([{ ...stored, shape }], seed)[stored.name]!, growth)
}

/** Stored tensors that the wide network multiplies by some factor, by one operation. */
function rescaled(expansion: Expansion, stored: TensorRecord, trainable: boolean): Record<string, tf.Tensor> {
  const scaled = expansion.stored
    .filter((parameter) => parameter.trainable === trainable && stored[parameter.name] !== undefined)
    .map((parameter) => ({ ...parameter, tensor: stored[parameter.name]!, scale: storageScale(parameter, expansion) }))
    .filter(({ scale }) => scale !== 1)
  const whole = scaled.map(({ tensor, scale }) => ({ tensor, size: tensor.shape, scale }))
  const tensors = tensorOps.leadingBlocks(whole)
  return Object.fromEntries(scaled.map(({ name }, i) => [name, tensors[i]!]))
}

/** The dynamic teacher: plain parameters of `expansion.teacher`, differentiable in the stored tensors. */
export function teacherView(
  expansion: Expansion,
  stored: TensorRecord,
  options: ViewOptions = {},
): Record<string, tf.Tensor> {
  const { batch } = fillOptions('teacherView', VIEW_OPTIONS, options)
  const effective = { ...stored, ...rescaled(expansion, stored, true), ...rescaled(expansion, stored, false) }
  return mergeBranches(expansion, effective, batch)
}
