import * as tf from '@tensorflow/tfjs'
import type { Model } from '@gpdjs/core'
import { imageSource, moments, type ImageSet } from '@gpdjs/data'
import { toLayersModel } from '@gpdjs/interchange'
import type { Exam, ModelFiles } from './messages.ts'

const BATCH = 100

/** What the student says of every test image, in the order of the set; not of training images, which come shuffled. */
export async function examine(
  student: Model,
  { train, test }: Readonly<Record<'train' | 'test', ImageSet>>,
): Promise<Exam> {
  const model = toLayersModel(student) // an ordinary model: no branches, no teacher
  const source = imageSource(test, { moments: moments(train) })
  const exam: { guesses: number[]; certainties: number[] } = { guesses: [], certainties: [] }
  for (const { fields } of source.batches({ batchSize: BATCH, seed: 0, epoch: 0, training: false })) {
    const [guesses, certainties] = tf.tidy(() => {
      const shares = tf.softmax(model.predict(fields['image']!) as tf.Tensor)
      return [tf.argMax(shares, 1), tf.max(shares, 1)] as const
    })
    exam.guesses.push(...(await guesses.data()))
    exam.certainties.push(...(await certainties.data()))
    tf.dispose([{ ...fields }, guesses, certainties])
  }
  model.dispose()
  return exam
}

/** The student as the two files that `tf.loadLayersModel` reads. A page gets the same by `model.save('downloads://student')`. */
export async function modelFiles(student: Model): Promise<ModelFiles> {
  const model = toLayersModel(student)
  let files: ModelFiles | undefined
  await model.save(
    tf.io.withSaveHandler(async (artifacts) => {
      const { weightData, weightSpecs: weights, ...rest } = artifacts
      const weightsManifest = [{ paths: ['student.weights.bin'], weights }]
      files = {
        model: JSON.stringify({ ...rest, weightsManifest }),
        weights: tf.io.CompositeArrayBuffer.join(weightData),
      }
      return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) }
    }),
  )
  model.dispose()
  return files!
}
