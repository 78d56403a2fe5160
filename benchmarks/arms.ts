import * as tf from '@tensorflow/tfjs'
import { initializeParameters, initializeStatistics, randomStream, type Network } from '@gpdjs/core'
import { cifarResnet, vit } from '@gpdjs/architectures'
import { inverseReparameterization, orepa } from '@gpdjs/ir-expansion'
import { dkd } from '@gpdjs/kd-losses'
import {
  buildPipeline,
  disposeReplaced,
  dynamicTeacher,
  initialState,
  sgd,
  staticTeacher,
  trainingStep,
  type PluginOption,
} from '@gpdjs/trainer'
import { NETWORKS, type ArmName, type NetworkName, type Size } from './networks.ts'

const CLASSES = 10

function studentOf(size: Size): Network {
  if (size.kind === 'vit') {
    const { width, depth, heads, patchSize, inputShape } = size
    return vit({ width, depth, heads, patchSize, inputShape, classes: CLASSES })
  }
  const { width, blocks, inputShape } = size
  return cifarResnet({ width, blocks, inputShape, classes: CLASSES })
}

export type Plugins = (student: Network) => PluginOption

/** A static teacher's DKD and a dynamic teacher; `branches` 0 for plain convolutions. */
export const gpd =
  (ratio = 2, branches = 6): Plugins =>
  (student) => [
    staticTeacher({
      network: student,
      parameters: initializeParameters(student.parameters, 1),
      statistics: initializeStatistics(student.statistics),
      loss: dkd({ alpha: 1, beta: 0.5, temperature: 1 }),
    }),
    dynamicTeacher({
      expander: inverseReparameterization({ ratio, ...(branches > 0 && { branches: orepa({ branches }) }) }),
    }),
  ]

/** What is trained: the student alone, or with a static and a dynamic teacher. */
export const PLUGINS = { plain: () => [], gpd: gpd() } as const satisfies Record<ArmName, Plugins>

/** One network in training on random images: a function that makes a step and returns its milliseconds. */
export function arm(size: NetworkName | Size, plugins: Plugins): () => Promise<number> {
  const chosen: Size = typeof size === 'string' ? NETWORKS[size] : size
  const { inputShape, batch } = chosen
  const student = studentOf(chosen)
  const stream = randomStream(1, 'benchmark')
  const normal = (shape: readonly number[]) =>
    tf.tensor(
      Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => stream.normal()),
      [...shape],
    )
  const image = normal([batch, ...inputShape])
  const label = tf.tensor1d(
    Int32Array.from({ length: batch }, () => stream.integer(CLASSES)),
    'int32',
  )
  const known = { 'static-teacher': { outputs: { logits: normal([batch, CLASSES]) } } }
  const pipeline = buildPipeline({
    student,
    seed: 0,
    plugins: plugins(student),
  })
  const optimizer = sgd({ learningRate: 0.01, momentum: 0.9, weightDecay: 1e-4, clipGlobalNorm: 5 })
  const weights = Object.fromEntries(pipeline.terms.map(({ name: term }) => [term, 1]))
  let state = initialState(pipeline, optimizer)
  return async () => {
    const began = performance.now()
    const next = trainingStep(pipeline, optimizer, state, [{ fields: { image, label }, known }], {
      totalSteps: 1,
      weights,
    })
    await next.metrics['loss']!.data()
    tf.dispose(next.metrics)
    disposeReplaced(state, next.state)
    state = next.state
    return performance.now() - began
  }
}
