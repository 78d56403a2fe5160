import { isGpdError, randomStream } from '@gpdjs/core'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { backends, evaluateFeatures, expectClose, labelTensor, useBackend } from '../testing/evaluate.ts'
import { contextOf, drawn, prepared, rows, setupOf } from '../testing/features.ts'
import { mean } from '../testing/plain-math.ts'
import { contrastLoss } from './contrast.ts'
import { crd } from './crd.ts'

const EPSILON = 1e-7

describe.each(backends)('contrastLoss on %s', (backend) => {
  beforeAll(() => useBackend(backend))

  it('is the definition, and its gradient is finite for any P', async () => {
    const [negatives, samples] = [6, 50]
    const c = negatives / samples
    const [positive, negative] = [drawn('p', [3, 1], -2), drawn('n', [3, negatives], -3)]
    const run = (scale: number) =>
      evaluateFeatures(
        ({ p, n }) =>
          contrastLoss({
            positive: tf.mul(p!, scale) as tf.Tensor2D,
            negative: tf.mul(n!, scale) as tf.Tensor2D,
            samples,
          }),
        { p: positive, n: negative },
      )
    const expected = -mean(
      rows(positive).map(([p], b) => {
        const hit = Math.exp(p!)
        const misses = rows(negative)[b]!.map((n) => Math.log(c / (Math.exp(n) + c + EPSILON)))
        return Math.log(hit / (hit + c + EPSILON)) + misses.reduce((sum, x) => sum + x, 0)
      }),
    )
    expectClose([[(await run(1)).value]], [[expected]], 1e-5)
    const { value, gradients } = await run(100)
    expect([value, ...gradients['p']!, ...gradients['n']!].every(Number.isFinite)).toBe(true)
  })

  it('is (negatives + 1) · log 2 where every P is c, also if some negatives do not count', async () => {
    const logC = Math.log(4 / 100)
    const [positive, negative] = [tf.fill<tf.Rank.R2>([2, 1], logC), tf.fill<tf.Rank.R2>([2, 4], logC)]
    const counts = tf.tensor2d([[1, 0, 1, 0], [1, 1, 1, 1]]) // prettier-ignore
    for (const given of [{}, { counts }]) {
      const loss = contrastLoss({ positive, negative, samples: 100, ...given })
      expectClose([[(await loss.data())[0]!]], [[5 * Math.log(2)]], 1e-4)
    }
  })
})

const [SAMPLES, NEGATIVES, WIDTH, TEMPERATURE] = [12, 5, 4, 0.5]
const shapes = [{ pool: [6] }, { pool: [3] }] as const
const OPTIONS = { negatives: NEGATIVES, width: WIDTH, temperature: TEMPERATURE, momentum: 0.25 }
const loss = crd(OPTIONS)
const setup = setupOf(...shapes, { samples: SAMPLES })
const [INDEX, LABELS] = [[3, 7, 0], [1, 1, 4]] // prettier-ignore
const stream = () => randomStream(5, 'crd')

const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, i) => sum + x * b[i]!, 0)
const unit = (a: readonly number[]) => a.map((x) => x / Math.hypot(...a))

/** One step: its loss, its gradients, and what it remembers. */
async function step(
  memory: Readonly<Record<string, tf.Tensor>>,
  heads: Readonly<Record<string, tf.Tensor>>,
  by = loss,
) {
  const moved: Record<string, tf.Tensor> = {}
  const [index, labels] = [labelTensor(INDEX!), labelTensor(LABELS!)]
  const own = Object.fromEntries(
    await Promise.all(
      Object.entries(heads).map(async ([n, x]) => [n, { shape: x.shape, data: [...(await x.data())] }] as const),
    ),
  )
  const remember = (name: string, value: tf.Tensor) => {
    moved[name] = tf.keep(tf.clone(value))
  }
  const before = tf.memory().numTensors
  const remembered: Record<string, number[][]> = {}
  const { value, gradients } = await evaluateFeatures(
    (x) => {
      const taps = [{ pool: x['s']! }, { pool: x['t']! }] as const
      const context = { heads: x, memory, fields: { index }, labels, random: stream, remember }
      const value = by.compute(contextOf(...taps, context))
      // Read and freed here: the leak check must not see what is remembered on purpose.
      for (const [name, tensor] of Object.entries(moved)) {
        remembered[name] = rows({ shape: tensor.shape, data: [...tensor.dataSync()] })
        tensor.dispose()
      }
      return value
    },
    { s: drawn('s', [3, 6]), t: drawn('t', [3, 3]), ...own },
  )
  expect(tf.memory().numTensors).toBe(before)
  tf.dispose([index, labels])
  return { value, gradients, remembered }
}

const numbers = async (x: tf.Tensor) => rows({ shape: x.shape, data: [...(await x.data())] })

describe.each(backends)('crd on %s', (backend) => {
  beforeAll(() => useBackend(backend))

  it('is the definition in the first step, in both directions, and moves its memory', async () => {
    const { heads, memory } = prepared(loss, setup)
    const banks = {
      student: await numbers(memory['student-bank']!),
      teacher: await numbers(memory['teacher-bank']!),
    }
    const { value, gradients, remembered } = await step(memory, heads)
    expect(await numbers(memory['student-bank']!)).toEqual(banks.student)
    const embedded = async (side: 'student' | 'teacher', x: number[][]) => {
      const [weight, [bias]] = [
        await numbers(heads[`${side}.weight`]!),
        [(await numbers(heads[`${side}.bias`]!)).flat()],
      ]
      return x.map((row) =>
        unit(
          bias!.map(
            (b, j) =>
              b +
              dot(
                row,
                weight.map((w) => w[j]!),
              ),
          ),
        ),
      )
    }
    const v = {
      student: await embedded('student', rows(drawn('s', [3, 6]))),
      teacher: await embedded('teacher', rows(drawn('t', [3, 3]))),
    }
    const draw = stream()
    const drawnIndex = INDEX!.map(() => Array.from({ length: NEGATIVES }, () => draw.integer(SAMPLES)))
    const c = NEGATIVES / SAMPLES
    const direction = (from: number[][], bank: number[][]) => {
      const power = (b: number, i: number) => Math.exp(dot(from[b]!, bank[i]!) / TEMPERATURE)
      const z = SAMPLES * mean(INDEX!.flatMap((own, b) => [own, ...drawnIndex[b]!].map((i) => power(b, i))))
      const value = -mean(
        INDEX!.map((own, b) => {
          const hit = power(b, own) / z
          // No class is known yet, so only the image itself is no negative.
          const others = drawnIndex[b]!.filter((i) => i !== own)
          const misses = others.map((i) => Math.log(c / (power(b, i) / z + c + EPSILON)))
          return Math.log(hit / (hit + c + EPSILON)) + NEGATIVES * mean(misses)
        }),
      )
      return { value, z }
    }
    const [forward, backward] = [direction(v.student, banks.teacher), direction(v.teacher, banks.student)]
    expectClose([[value]], [[forward.value + backward.value]], 1e-5)
    expectClose([remembered['normalizers']!.flat()], [[forward.z, backward.z]], 1e-5)
    expect(remembered['classes']!.flat()).toEqual([4, -1, -1, 1, -1, -1, -1, 1, -1, -1, -1, -1])
    for (const side of ['student', 'teacher'] as const) {
      const expected = banks[side].map((row, i) => {
        const b = INDEX!.indexOf(i)
        return b < 0 ? row : unit(row.map((x, j) => 0.25 * x + 0.75 * v[side][b]![j]!))
      })
      expectClose(remembered[`${side}-bank`]!, expected, 1e-5)
    }
    for (const name of ['s', ...Object.keys(heads)]) {
      expect([name, gradients[name]!.some((g) => Math.abs(g) > 1e-6)]).toEqual([name, true])
    }
    tf.dispose([Object.values(heads), Object.values(memory)])
  })

  it('keeps its normalizers after the first step, and leaves out negatives known to be of the same class', async () => {
    const { heads, memory } = prepared(loss, setup)
    const ofOneClass = tf.fill([SAMPLES], 1)
    const later = { ...memory, normalizers: tf.tensor1d([3, 4]), classes: ofOneClass }
    const { remembered, value } = await step(later, heads)
    expect(remembered['normalizers']!.flat()).toEqual([3, 4])
    // With classes all unknown, other pairs count: the value is another.
    const unknown = await step({ ...later, classes: tf.fill([SAMPLES], -1) }, heads)
    expect(Math.abs(unknown.value - value)).toBeGreaterThan(1e-2)
  })

  it('takes any image of the class as the positive in the mode relax: the same where all of a class are remembered alike', async () => {
    const relaxed = crd({ ...OPTIONS, mode: 'relax' })
    const { heads, memory } = prepared(loss, setup)
    const classes = Array.from({ length: SAMPLES }, (_, i) =>
      INDEX!.includes(i) ? LABELS![INDEX!.indexOf(i)]! : i % 5,
    )
    const known = { ...memory, classes: tf.tensor1d(classes), normalizers: tf.tensor1d([3, 4]) }
    const first = labelTensor(classes.map((c) => classes.indexOf(c)))
    const alike = {
      ...known,
      'student-bank': tf.gather(memory['student-bank']!, first),
      'teacher-bank': tf.gather(memory['teacher-bank']!, first),
    }
    const [exact, same] = [await step(alike, heads), await step(alike, heads, relaxed)]
    expectClose([[same.value]], [[exact.value]], 1e-6)
    expectClose([same.gradients['s']!], [exact.gradients['s']!], 1e-5)
    // What is remembered is the image's own embedding in both modes.
    expectClose(same.remembered['student-bank']!, exact.remembered['student-bank']!, 1e-6)
    const [apart, relaxedApart] = [await step(known, heads), await step(known, heads, relaxed)]
    expect(Math.abs(relaxedApart.value - apart.value)).toBeGreaterThan(1e-2)
  })

  it('keeps remembered embeddings at length 1', async () => {
    const { heads, memory } = prepared(loss, setup)
    const { remembered } = await step(memory, heads)
    for (const side of ['student', 'teacher']) {
      const lengths = INDEX!.map((i) => Math.hypot(...remembered[`${side}-bank`]![i]!))
      expectClose([lengths], [lengths.map(() => 1)], 1e-6)
    }
  })

  it('refuses batches without positions, memory or random numbers', () => {
    const x = { pool: tf.ones([3, 6]) }
    const { heads, memory } = prepared(loss, setupOf({ pool: [6] }, { pool: [6] }))
    const attempt = (given: object) => () => loss.compute(contextOf(x, x, { heads, ...given }))
    const index = labelTensor(INDEX!)
    expect(attempt({ memory })).toThrow(/context\.fields\.index/)
    expect(attempt({ memory })).toThrow(expect.toSatisfy((e) => isGpdError(e) && e.code === 'data.missing'))
    expect(attempt({ fields: { index } })).toThrow(/memory, remember, random is missing/)
    expect(() => loss.prepare?.(setupOf(...shapes, { samples: 0 }))).toThrow(/number of training images, got 0/)
  })
})
