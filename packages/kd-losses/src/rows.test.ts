import { initializeParameters, mapRecord, randomStream, type DistillationLoss, type TensorRecord } from '@gpdjs/core'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import * as exported from './index.ts'
import { backends, evaluateFeatures, expectClose, toTensor, useBackend, type Values } from './testing/evaluate.ts'
import { actorOf, drawn, setupOf } from './testing/features.ts'

const BATCH = 4
const MAP = [4, 4, 3]
const inputs: Readonly<Record<string, Values>> = {
  s: drawn('s', [BATCH, 5]),
  t: drawn('t', [BATCH, 5]),
  map: drawn('map', [BATCH, ...MAP]),
  deep: drawn('deep', [BATCH, 2, 2, 3]),
  same: drawn('same', [BATCH, ...MAP]),
  y: { shape: [BATCH], data: [2, 0, 4, 1] },
}
/** The same in every row. */
const constants: Readonly<Record<string, Values>> = {
  kernel: drawn('kernel', [1, 1, 3, 3]),
  logScale: drawn('scale', [3]),
  centers: drawn('centers', [5, 5]),
}

type Of = (x: TensorRecord) => tf.Tensor
const logits = (x: TensorRecord) => [x['s'] as tf.Tensor2D, x['t'] as tf.Tensor2D] as const
const labels = (x: TensorRecord) => x['y'] as tf.Tensor1D
const vidHeads = (x: TensorRecord) => ({
  kernels: [x['kernel']!, x['kernel']!, x['kernel']!],
  logScale: x['logScale']!,
})
const of = exported

/** Every function of rows, the scalar function beside it, and what of the inputs is the student's. */
const functions: readonly (readonly [name: string, student: 's' | 'map', rows: Of, mean: Of])[] = [
  ['crossEntropy', 's', (x) => of.crossEntropyRows(logits(x)[0], labels(x)), (x) => of.crossEntropy(logits(x)[0], labels(x))],
  ['kd', 's', (x) => of.kdRows(...logits(x)), (x) => of.kdLoss(...logits(x))],
  ['dkd', 's', (x) => of.dkdRows(...logits(x), labels(x)), (x) => of.dkdLoss(...logits(x), labels(x))],
  ['softCrossEntropy', 's', (x) => of.softCrossEntropyRows(...logits(x)), (x) => of.softCrossEntropyLoss(...logits(x))],
  ['ofa', 's', (x) => of.ofaRows(...logits(x), labels(x)), (x) => of.ofaLoss(...logits(x), labels(x))],
  ['ttm', 's', (x) => of.ttmRows(...logits(x)), (x) => of.ttmLoss(...logits(x))],
  ['wttm', 's', (x) => of.wttmRows(...logits(x)), (x) => of.wttmLoss(...logits(x))],
  ['rld', 's', (x) => of.rldRows(...logits(x), labels(x)), (x) => of.rldLoss(...logits(x), labels(x))],
  ['fitnet', 'map', (x) => of.fitnetRows(x['map']!, x['same']!), (x) => of.fitnetLoss(x['map']!, x['same']!)],
  ['at', 'map', (x) => of.atRows(x['map']!, x['deep']!), (x) => of.atLoss(x['map']!, x['deep']!)],
  ['nst', 'map', (x) => of.nstRows(x['map']!, x['deep']!), (x) => of.nstLoss(x['map']!, x['deep']!)],
  ['vid', 'map', (x) => of.vidRows(x['map']!, x['deep']!, vidHeads(x)), (x) => of.vidLoss(x['map']!, x['deep']!, vidHeads(x))],
  ['hcl', 'map', (x) => of.hclRows(x['map']!, x['same']!), (x) => of.hclLoss(x['map']!, x['same']!)],
  ['nd', 's', (x) => of.ndRows(...logits(x), labels(x), x['centers'] as tf.Tensor2D), (x) => of.ndLoss(...logits(x), labels(x), x['centers'] as tf.Tensor2D)],
] // prettier-ignore

const perRow = (values: Values) => values.data.length / BATCH
const row = (values: Values, b: number): Values => ({
  shape: [1, ...values.shape.slice(1)],
  data: values.data.slice(b * perRow(values), (b + 1) * perRow(values)),
})

/** `Σ_b w_b ℓ_b / Σ_b w_b`, as the trainer reduces rows. */
const reduced = (rows: tf.Tensor, weights: readonly number[]): tf.Scalar => {
  const w = tf.tensor1d([...weights])
  return tf.div(tf.sum(tf.mul(rows, w)), tf.sum(w))
}

async function numbers(f: Of, values: Readonly<Record<string, Values>>): Promise<number[]> {
  const tensors = mapRecord(values, (value, name) => toTensor(name, value))
  const result = f(tensors)
  const read = [...(await result.data())]
  tf.dispose([tensors, result])
  return read
}

describe.each(backends)('on %s', (backend) => {
  beforeAll(() => useBackend(backend))

  describe.each(functions)('the rows of %s', (_, student, rows, mean) => {
    it('are those of each sample by itself', async () => {
      const singles = [0, 1, 2, 3].map((b) =>
        numbers(mean, { ...mapRecord(inputs, (value) => row(value, b)), ...constants }),
      )
      const expected = (await Promise.all(singles)).flat()
      expectClose([await numbers(rows, { ...inputs, ...constants })], [expected], 1e-6, 1)
    })

    it('weighed by 1 are the loss, with its gradients', async () => {
      const all = { ...inputs, ...constants }
      const [expected, actual] = [
        await evaluateFeatures((x) => mean(x) as tf.Scalar, all),
        await evaluateFeatures((x) => reduced(rows(x), [1, 1, 1, 1]), all),
      ]
      expectClose([[actual.value]], [[expected.value]], 1e-6)
      expect(Object.keys(actual.gradients)).toEqual(Object.keys(expected.gradients))
      for (const [name, gradient] of Object.entries(expected.gradients))
        expectClose([actual.gradients[name]!], [gradient], 1e-6)
    })

    it('have the gradient of their weighted mean', async () => {
      const weights = [0.5, 2, 0, 1]
      const all = { ...inputs, ...constants }
      const { gradients } = await evaluateFeatures((x) => reduced(rows(x), weights), all)
      // The weight 0 takes a sample out.
      expect(row({ shape: inputs[student]!.shape, data: gradients[student]! }, 2).data.map(Math.abs)).toEqual(
        Array.from({ length: perRow(inputs[student]!) }, () => 0),
      )
      // Central differences along random directions.
      const total = weights.reduce((sum, w) => sum + w, 0)
      for (const along of ['a', 'b', 'c']) {
        const direction = drawn(along, inputs[student]!.shape).data
        const at = async (step: number) => {
          const moved = { ...inputs[student]!, data: inputs[student]!.data.map((v, i) => v + step * direction[i]!) }
          const values = await numbers(rows, { ...all, [student]: moved })
          return values.reduce((sum, value, b) => sum + (weights[b]! * value) / total, 0)
        }
        const step = 2 ** -7
        const slope = ((await at(step)) - (await at(-step))) / (2 * step)
        const expected = gradients[student]!.reduce((sum, g, i) => sum + g * direction[i]!, 0)
        expect(Math.abs(slope - expected)).toBeLessThan(2e-3 * Math.max(1, Math.abs(expected)))
      }
    })
  })
})

const MAPS = { student: 'map', teacher: 'map' }
const OPTIONS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  at: MAPS,
  fitnet: { ...MAPS, regressor: 'pointwise' },
  nst: MAPS,
  'review-kd': MAPS,
  sp: MAPS,
  vid: MAPS,
  ofa: { student: 'pool' },
  crd: { negatives: 4, width: 3 },
}

/** The loss on a batch, its heads and memory drawn anew from the seed. */
async function valueOf(loss: DistillationLoss, student: Readonly<Record<string, Values>>): Promise<number[]> {
  const shapes = { map: MAP, pool: [5] }
  const { heads = [], memory = {} } = loss.prepare?.(setupOf(shapes, shapes)) ?? {}
  const tensors = initializeParameters(heads, 0)
  const result = tf.tidy(() => {
    const actor = (values: Readonly<Record<string, Values>>) => {
      const pool = toTensor('pool', values['pool']!) as tf.Tensor2D
      return actorOf(pool, { pool, map: toTensor('map', values['map']!) })
    }
    const pair = { student: actor(student), teacher: actor({ map: inputs['same']!, pool: inputs['t']! }) }
    return loss.compute({
      ...pair,
      views: { strong: pair },
      labels: toTensor('y', inputs['y']!) as tf.Tensor1D,
      fields: { index: tf.tensor1d([0, 1, 2, 3], 'int32') },
      heads: tensors,
      memory,
      remember: () => undefined,
      random: () => randomStream(0, 'rows'),
    })
  })
  const read = [...(await result.data())]
  expect(result.rank).toBe(loss.comparesSamples ? 0 : 1)
  tf.dispose([tensors, memory, result])
  return read
}

describe('a loss', () => {
  beforeAll(() => useBackend('cpu'))

  /** Its heads normalize by the moments of the batch. */
  const mixes = new Set(['review-kd'])

  it.each(Object.keys(exported.losses))(
    '%s gives one number per sample, or says that it compares samples',
    async (name) => {
      const loss = exported.losses[name]!(OPTIONS[name] ?? {})
      const student = { map: inputs['map']!, pool: inputs['s']! }
      // The last sample is another.
      const changed = mapRecord(student, (values) => ({
        ...values,
        data: values.data.map((v, i) => (i < 3 * perRow(values) ? v : v + Math.sin(i))),
      }))
      const [before, after] = [await valueOf(loss, student), await valueOf(loss, changed)]
      expect(before).toHaveLength(loss.comparesSamples ? 1 : BATCH)
      expect(after.at(-1)).not.toBe(before.at(-1))
      if (!loss.comparesSamples && !mixes.has(name)) expect(after.slice(0, 3)).toEqual(before.slice(0, 3))
    },
  )

  it('standardized compares samples where the loss does', () => {
    expect(exported.standardized(exported.dist()).comparesSamples).toBe(true)
    expect(exported.standardized(exported.kd()).comparesSamples).toBeUndefined()
  })
})
