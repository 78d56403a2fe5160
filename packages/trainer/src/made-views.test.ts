/** Fields that a plugin makes inside the step, from the actors themselves. */
import * as tf from '@tensorflow/tfjs'
import { apply, valueAndGradients, type DistillationLoss, type Fields } from '@gpdjs/core'
import { kd, kdLoss } from '@gpdjs/kd-losses'
import { beforeAll, describe, expect, it } from 'vitest'
import { distill } from './distill.ts'
import { gradientPass } from './gradient-pass.ts'
import { sgd } from './optimizers/sgd.ts'
import { buildPipeline } from './pipeline/pipeline.ts'
import type { Plugin } from './pipeline/plugin.ts'
import type { MadeView } from './pipeline/view.ts'
import { staticTeacher } from './plugins/static-teacher.ts'
import { classification } from './tasks/classification.ts'
import { drawn, tinyData, tinyNetwork, tinyTensors } from './testing.ts'
import { initialState } from './training-state.ts'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

const optimizer = sgd({ learningRate: 0.05 })
const values = (x: tf.Tensor) => [...x.dataSync()]

/** Images moved by `epsilon` along the gradient of the student's distance from the teacher. */
const adversarial = (epsilon: number, moments?: MadeView['moments']): MadeView => ({
  name: 'adversarial',
  inputs: ['image'],
  ...(moments && { moments }),
  make({ fields, run }) {
    const image = fields['image']!
    const loss = ({ x }: Fields) => kdLoss(run('student', { image: x! }).logits, run('static-teacher').logits)
    const { gradients } = valueAndGradients((given) => tf.neg(loss(given)) as tf.Scalar, { x: image })
    return { image: tf.sub(image, tf.mul(epsilon, tf.div(gradients['x']!, tf.norm(gradients['x']!)))) }
  },
})

const making = (...views: MadeView[]): Plugin => ({
  name: `making ${views.map(({ name }) => name).join()}`,
  specVersion: 1,
  setup: (run) => views.forEach((view) => run.addView(view)),
})

/** The student is taught on adversarial examples by what the teacher computes on the images themselves. */
const teaching = (loss: DistillationLoss, view = 'adversarial'): Plugin => ({
  name: 'teaching',
  specVersion: 1,
  connect: (run) =>
    run.addDistillation({
      student: 'student',
      teacher: 'static-teacher',
      loss,
      weight: 1,
      on: { student: view },
      name: `robust-${loss.name}`,
    }),
})

function setUp(moments?: MadeView['moments']) {
  const [student, teacher] = [drawn(tinyNetwork(), 2), drawn(tinyNetwork({ width: 3 }), 1)]
  const pipeline = buildPipeline({
    student: student.network,
    parameters: student.parameters,
    plugins: [staticTeacher({ ...teacher, loss: kd() }), making(adversarial(0.1, moments)), teaching(kd())],
    task: classification(),
    seed: 0,
  })
  const { xs, ys } = tinyTensors(6)
  const weights = Object.fromEntries(pipeline.terms.map(({ name }) => [name, 1]))
  const state = initialState(pipeline, optimizer)
  return {
    student,
    teacher,
    xs,
    pipeline,
    state,
    pass: () => gradientPass(pipeline, state, { fields: { image: xs, label: ys } }, weights),
  }
}

/** The same examples by hand. */
function byHand({ student, teacher, xs }: ReturnType<typeof setUp>): tf.Tensor4D {
  const logits = (model: typeof student, x: tf.Tensor) =>
    apply(model, x, { training: false }).outputs['logits'] as tf.Tensor2D
  const gradient = tf.grad((x) => kdLoss(logits(student, x), logits(teacher, xs)))(xs)
  return tf.add(xs, tf.mul(0.1, tf.div(gradient, tf.norm(gradient))))
}

describe('a view that is made inside the step', () => {
  it('is the input of the student, made from its input gradients, while the input of the teacher is the batch', () => {
    const run = setUp()
    const { metrics } = run.pass()
    const inTraining = apply(run.student, run.xs, { training: true }).statistics
    const seen = apply({ ...run.student, statistics: inTraining }, byHand(run), { training: true }).outputs['logits']
    const taught = apply(run.teacher, run.xs, { training: false }).outputs['logits']
    const expected = kdLoss(seen as tf.Tensor2D, taught as tf.Tensor2D)
    expect(values(metrics['robust-kd']!)[0]).toBeCloseTo(values(expected)[0]!, 5)
  })

  it.each(['shared', 'own', 'kept'] as const)(
    'moves the moments of batch normalization by its policy: %s',
    (moments) => {
      const run = setUp(moments)
      const { statistics } = run.pass()
      const once = apply(run.student, run.xs, { training: true }).statistics
      const twice = apply({ ...run.student, statistics: once }, byHand(run), { training: true }).statistics
      const apart = apply(run.student, byHand(run), { training: true }).statistics
      const close = (found: tf.Tensor, expected: tf.Tensor) =>
        values(found).forEach((x, i) => expect(x).toBeCloseTo(values(expected)[i]!, 5))
      for (const name of Object.keys(once)) {
        close(statistics[`student/${name}`]!, (moments === 'shared' ? twice : once)[name]!)
        if (moments === 'own') close(statistics[`student@adversarial/${name}`]!, apart[name]!)
        else expect(statistics[`student@adversarial/${name}`]).toBeUndefined()
      }
    },
  )

  it.each(['shared', 'own', 'kept'] as const)('leaves no tensor behind (%s moments)', async (moments) => {
    const teacher = drawn(tinyNetwork({ width: 3 }), 1)
    const train = tinyData(24)
    const before = tf.memory().numTensors
    const run = await distill({
      student: tinyNetwork(),
      data: { train },
      optimizer,
      epochs: 2,
      batchSize: 6,
      accumulate: 2,
      plugins: [staticTeacher({ ...teacher, loss: kd() }), making(adversarial(0.1, moments)), teaching(kd())],
    })
    expect(run.outcome).toBe('completed')
    run.dispose()
    expect(tf.memory().numTensors).toBe(before)
  })

  it('may read the one made before it, and is the same for the same seed', () => {
    const order: string[] = []
    const noisy: MadeView = {
      name: 'noisy',
      inputs: ['image'],
      make({ fields, random }) {
        const stream = random()
        order.push(...Object.keys(fields))
        return { image: tf.add(fields['image']!, stream.normal()) }
      },
    }
    const mirrored: MadeView = {
      name: 'mirrored',
      inputs: ['image'],
      make: ({ fields }) => ({ image: tf.reverse(fields['image/noisy']!, 2) }),
    }
    const teacher = drawn(tinyNetwork(), 1)
    const losses = () => {
      const pipeline = buildPipeline({
        student: tinyNetwork(),
        plugins: [staticTeacher({ ...teacher, loss: kd() }), making(noisy, mirrored), teaching(kd(), 'mirrored')],
        seed: 0,
      })
      const { xs, ys } = tinyTensors(6)
      const weights = Object.fromEntries(pipeline.terms.map(({ name }) => [name, 1]))
      const state = initialState(pipeline, optimizer)
      const { metrics } = gradientPass(pipeline, state, { fields: { image: xs, label: ys } }, weights)
      return values(metrics['robust-kd']!)
    }
    expect(losses()).toEqual(losses())
    expect(order).not.toContain('image/mirrored')
  })

  it('is refused before the first step where two plugins make it, or nothing makes what a term reads', async () => {
    const options = { student: tinyNetwork(), data: { train: tinyData(24) }, optimizer, epochs: 1, batchSize: 6 }
    const teacher = staticTeacher({ ...drawn(tinyNetwork(), 1), loss: kd() })
    const twice = [teacher, making(adversarial(0.1)), { ...making(adversarial(0.2)), name: 'again' }]
    await expect(distill({ ...options, plugins: twice })).rejects.toThrow(
      /Two plugins make the field 'image\/adversarial'/,
    )
    await expect(distill({ ...options, plugins: [teacher, teaching(kd())] })).rejects.toThrow(
      /'robust-kd' reads the view 'adversarial', the data has no field 'image\/adversarial'/,
    )
    const wrong: MadeView = { name: 'adversarial', inputs: ['image'], make: () => ({ image: tf.zeros([6, 5, 5, 1]) }) }
    await expect(distill({ ...options, plugins: [teacher, making(wrong), teaching(kd())] })).rejects.toThrow(
      /View 'adversarial': expected 'image' as float32 \[6, 6, 6, 1\], got float32 \[6, 5, 5, 1\]/,
    )
  })
})
