import * as tf from '@tensorflow/tfjs'
import {
  fillOptions,
  GpdError,
  sizeOf,
  kinds,
  option,
  withoutTape,
  type DistillationContext,
  type DistillationLoss,
  type Filled,
  type Given,
  type RandomStream,
  type TensorRecord,
} from '@gpdjs/core'
import { headSpecs, runHead } from '../heads/heads.ts'
import { linearHead } from '../heads/linear-head.ts'
import { featureLoss, type TapPair } from '../support/feature-loss.ts'
import { classIndices, needsIndex, SOFT_LABELS, type SoftLabels } from '../support/labels.ts'
import { pairOneTap, VECTOR_TAPS, type TapOptions } from '../support/taps.ts'
import { flat, unit } from '../support/vectors.ts'
import { contrastLoss } from './contrast.ts'
import { bankOf, crdMemory, movedBank, normalizer, SIDES, withRows, type Side } from './crd-memory.ts'
import { drawNegatives, isNegative, POSITIVES } from './crd-pairs.ts'

const OPTIONS = {
  /** Negative images for each image, per step (default 1024; the paper's 16384 is for GPUs). */
  negatives: option(kinds.count, 1024),
  /** Length of the embeddings (default 128). */
  width: option(kinds.count, 128),
  /** Divides the dot products of embeddings, above 0 (default 0.07). */
  temperature: option(kinds.positive, 0.07),
  /** Share of a remembered embedding that is kept when its image comes by, from 0 to 1 (default 0.5). */
  momentum: option(kinds.fraction, 0.5),
  /**
   * What an image is to be recognized by: the other network's memory of the image itself (`'exact'`, default), or of any image
   * of its class (`'relax'`).
   */
  mode: option(kinds.oneOf('exact', 'relax'), 'exact'),
  ...SOFT_LABELS,
}

export type CrdOptions = Given<typeof OPTIONS>

type CrdSettings = Filled<typeof OPTIONS>

/** The field with the position of each image of the batch in the training set. */
const INDEX = 'index'

/** What a step needs beside the outputs. */
interface CrdContext {
  readonly index: tf.Tensor1D
  readonly labels: tf.Tensor1D
  readonly memory: TensorRecord
  readonly remember: (name: string, value: tf.Tensor) => void
  readonly random: () => RandomStream
}

/** @throws GpdError `data.missing` without positions of the images, `plugin.invalid` without memory or random numbers */
function requireContext(
  { fields, labels, memory, remember, random }: DistillationContext,
  softLabels: SoftLabels,
): CrdContext {
  const index = fields[INDEX]
  if (index === undefined) {
    const problem = `crd: expected the positions of the images in the training set (context.fields.${INDEX}), got none.`
    throw new GpdError('data.missing', problem, 'Use a data set that yields them.')
  }
  if (memory?.[bankOf('student')] === undefined || remember === undefined || random === undefined) {
    const missing = Object.entries({ memory: memory?.[bankOf('student')], remember, random }).filter(
      ([, value]) => !value,
    )
    const problem = `crd: expected memory, remember and random in the context, but ${missing.map(([name]) => name).join(', ')} is missing.`
    throw new GpdError('plugin.invalid', problem, 'Pass what prepare() made, or use the trainer.')
  }
  return {
    index: index as tf.Tensor1D,
    labels: classIndices('crd', index, labels, softLabels)(),
    memory,
    remember,
    random,
  }
}

/** `⟨v, m⟩ / τ` of an embedding and remembered ones, `[batch, count]`. */
function scores(v: tf.Tensor2D, bank: tf.Tensor, positions: tf.Tensor2D, temperature: number): tf.Tensor2D {
  const [batch, width] = v.shape
  const remembered = withoutTape(() => tf.gather(bank, positions))
  const products = tf.matMul(remembered as tf.Tensor3D, tf.reshape(v, [batch, width, 1]))
  return tf.div(tf.reshape(products, positions.shape), temperature)
}

const other = (side: Side): Side => (side === 'student' ? 'teacher' : 'student')

/** Contrast of each side's embeddings with the other side's remembered ones: of the positive image, and of other classes. */
function crdLoss(embedded: Readonly<Record<Side, tf.Tensor2D>>, context: CrdContext, settings: CrdSettings): tf.Scalar {
  const { index, memory, remember, labels, random } = context
  const { negatives, temperature, momentum, mode } = settings
  const samples = memory[bankOf('student')]!.shape[0]!
  const stream = random()
  const drawn = drawNegatives(stream, index.size, negatives, samples)
  // Before the positives are drawn, so that those of this batch are known to be of their class.
  const classes = withoutTape(() => withRows(memory['classes']!, index, tf.cast(labels, 'float32')))
  const counts = withoutTape(() => isNegative(context, drawn))
  const same = withoutTape(() => POSITIVES[mode]({ index, labels, classes, stream }))

  const directions = SIDES.map((side, i) => {
    const bank = memory[bankOf(other(side))]!
    const [near, far] = [same, drawn].map((positions) => scores(embedded[side], bank, positions, temperature)) as [
      tf.Tensor2D,
      tf.Tensor2D,
    ]
    const z = withoutTape(() =>
      normalizer(tf.slice(memory['normalizers']!, [i], [1]), tf.concat([near, far], 1), samples),
    )
    const logZ = withoutTape(() => tf.log(z))
    const loss = contrastLoss({ positive: tf.sub(near, logZ), negative: tf.sub(far, logZ), counts, samples })
    return { loss, z }
  })

  for (const side of SIDES) {
    const name = bankOf(side)
    remember(
      name,
      withoutTape(() => movedBank(memory[name]!, index, embedded[side], momentum)),
    )
  }
  remember(
    'normalizers',
    withoutTape(() => tf.concat(directions.map(({ z }) => z))),
  )
  remember('classes', classes)
  return tf.add(directions[0]!.loss, directions[1]!.loss)
}

function embed(pair: TapPair<tf.Tensor>, side: Side, width: number, heads: TensorRecord | undefined): tf.Tensor2D {
  const x = flat(pair[side])
  return unit(runHead('crd', linearHead(side, [x.shape[1]], width, true), heads, { x })['y'] as tf.Tensor2D)
}

/**
 * Contrastive representation distillation as plugins take it: the student's embedding of an image must be nearer to the
 * teacher's embedding of the same image than to those of other images, and the other way round (`contrastLoss`).
 *
 * Both embeddings are linear, of length 1, and trained with the student. Two memories hold one embedding per training image.
 * Negatives are drawn from all images; those that are known to be of the same class are left out and the others weighted up,
 * where the reference draws from other classes only: the same in expectation from the second epoch on. The usual weight is 0.8.
 *
 * With `mode: 'relax'` the positive is any image of the class that was seen so far, the image itself included: the reference's
 * from the second epoch on. What is remembered is the embedding of the image itself in both modes.
 *
 * Memory: `2 · images · width` numbers, and `batch · negatives · width` twice in each step (`relax`: `batch · images` more).
 *
 * @throws GpdError `config.unknown-key`, `config.invalid`; when used, `data.missing` if the batches lack positions
 * @example crd({ negatives: 4096 })
 * @see Tian, Krishnan, Isola, "Contrastive Representation Distillation", ICLR 2020, section 3
 */
export function crd(options: CrdOptions & Partial<TapOptions> = {}): DistillationLoss {
  const { student, teacher, ...settings } = fillOptions('crd', { ...OPTIONS, ...VECTOR_TAPS }, options)
  const taps = pairOneTap('crd', student, teacher)
  return featureLoss({
    name: 'crd',
    distribution: 'categorical',
    ...needsIndex(settings.softLabels),
    comparesSamples: true,
    fields: [INDEX],
    taps,
    prepare: ([pair], setup) => ({
      heads: SIDES.flatMap((side) => headSpecs(linearHead(side, [sizeOf(pair![side])], settings.width, true))),
      memory: crdMemory(setup, settings.width),
    }),
    compute: ([pair], context) => {
      const checked = requireContext(context, settings.softLabels)
      const embedded = {
        student: embed(pair!, 'student', settings.width, context.heads),
        teacher: embed(pair!, 'teacher', settings.width, context.heads),
      }
      return crdLoss(embedded, checked, settings)
    },
  })
}
