/** Gap Preserving Distillation in a page; README.md explains how to run it. */
/// <reference types="vite/client" />
import * as tf from '@tensorflow/tfjs'
import wasmUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url'
import { useBackend } from '@gpdjs/backends'
import { countImages, imageSource, moments, take, type ChannelMoments, type ImageSet } from '@gpdjs/data'
import { toLayersModel } from '@gpdjs/interchange'
import { append, element, percent, showImage } from './page.ts'
import { shapes, SHAPES } from './shapes.ts'
import { train } from './train.ts'

const asked = new URLSearchParams(location.search)
const number = (name: string, standard: number) => Number(asked.get(name) ?? standard)
const [status, button, save] = [element('status'), element('train'), element('save')]
const progress = element<HTMLProgressElement>('progress')

const backend = await useBackend('auto', { wasmUrl })
status.textContent = `Ready: ${backend.reason}`

async function trainAndShow(): Promise<void> {
  const sets = { train: shapes('train', number('images', 1280)), test: shapes('test', 400) }
  const run = await train(
    sets,
    { epochs: number('epochs', 12) },
    {
      onTrainBegin: ({ totalSteps }) => void (progress.max = totalSteps),
      onBatchEnd(step, { loss }) {
        progress.value = step
        status.textContent = `Step ${step}, loss ${loss!.toFixed(3)}`
      },
      onEpochEnd(epoch, logs) {
        const accuracies = [logs['val_acc'], logs['val_acc/dynamic-teacher']].map((accuracy) => percent(accuracy!))
        append('epochs', [epoch + 1, logs['loss']!.toFixed(3), ...accuracies, Math.round(logs['samples-per-second']!)])
      },
    },
  )
  const model = toLayersModel(run.student) // an ordinary model: no branches, no teacher
  await showPredictions(model, take(sets.test, 16), moments(sets.train))
  save.onclick = () => void model.save('downloads://student')
  save.removeAttribute('disabled')
  status.textContent = `Done in ${run.seconds.toFixed(1)} s on ${backend.name}: ${percent(run.history.at(-1)!.logs['val_acc']!)} of test images right.`
  run.dispose()
}

async function showPredictions(model: tf.LayersModel, set: ImageSet, normal: ChannelMoments): Promise<void> {
  const images = imageSource(set, { moments: normal })
  const [batch] = images.batches({ batchSize: countImages(set), seed: 0, epoch: 0, training: false })
  const classes = tf.tidy(() => tf.argMax(model.predict(batch!.fields['image']!) as tf.Tensor, 1))
  tf.dispose({ ...batch!.fields })
  const found = await classes.data()
  classes.dispose()
  found.forEach((label, i) => showImage('predictions', set, i, SHAPES[label]!, label === set.labels[i]))
}

button.onclick = () => {
  button.setAttribute('disabled', '')
  trainAndShow().catch((error: Error) => void (status.textContent = error.message))
}
