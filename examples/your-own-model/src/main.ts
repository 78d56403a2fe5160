/** Gap Preserving Distillation for a model of one's own; README.md explains how to run it. */
import { writeFile } from 'node:fs/promises'
import { useBackend } from '@gpdjs/backends'
import { moments, take, imageSource } from '@gpdjs/data'
import { prepareFashionMnist } from '@gpdjs/example-data-sets'
import { fromLayersModel, layersModelFolder, toLayersModel, toOnnx } from '@gpdjs/interchange'
import { inverseReparameterization, orepa } from '@gpdjs/ir-expansion'
import { cosine, distill, dynamicTeacher, evaluate, sgd } from '@gpdjs/trainer'
import { createModel } from './model.ts'
import { options } from './options.ts'

await useBackend('auto')
const sets = await prepareFashionMnist()
const train = take(sets.train, options.images)
const test = imageSource(take(sets.test, 1000), { moments: moments(train) })

// 1. The model becomes a network: layer names stay, weights are copied, the softmax at the end is left out.
const { notes, ...own } = fromLayersModel(createModel())
console.log(notes.join('\n'))

// 2. A dynamic teacher, twice as wide and with more branches, is trained beside it and teaches it.
const { student } = await distill({
  student: own.network,
  parameters: own.parameters,
  statistics: own.statistics,
  data: { train: imageSource(train) },
  optimizer: sgd({ learningRate: cosine(0.1), momentum: 0.9, weightDecay: 1e-4, clipGlobalNorm: 5 }),
  epochs: options.epochs,
  batchSize: 32,
  plugins: [dynamicTeacher({ expander: inverseReparameterization({ ratio: 2, branches: orepa() }) })],
})

// 3. The student goes back to where it came from, and to every runtime that reads ONNX.
await toLayersModel(student).save(layersModelFolder(options.output))
await writeFile(`${options.output}/model.onnx`, await toOnnx(student))
const { acc } = await evaluate(student, test)
console.log(`Test accuracy ${(100 * acc).toFixed(1)} %. Saved ${options.output}/model.json and model.onnx.`)
