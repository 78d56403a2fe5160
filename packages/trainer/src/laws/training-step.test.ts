import '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs'
import { listNetworks } from '@gpdjs/architectures'
import { useBackend } from '@gpdjs/core'
import { inverseReparameterization, orepa } from '@gpdjs/ir-expansion'
import { beforeAll, describe, expect, it } from 'vitest'
import { sgd } from '../optimizers/sgd.ts'
import { buildPipeline } from '../pipeline/pipeline.ts'
import { dynamicTeacher } from '../plugins/dynamic-teacher.ts'
import { trainingStep } from '../step.ts'
import { disposeReplaced, initialState } from '../training-state.ts'
import { SEED, smallStudent } from './small-networks.ts'

const optimizer = sgd({ learningRate: 0.01, momentum: 0.9, clipGlobalNorm: 5 })

/** Two steps of a small student with a dynamic teacher, forward and backward. */
function twoSteps(name: string) {
  const { network, parameters, statistics, x: image } = smallStudent(name)
  const label = tf.tensor1d([0, 1, 2, 0], 'int32')
  const before = tf.memory().numTensors
  const pipeline = buildPipeline({
    student: network,
    parameters,
    statistics,
    seed: SEED,
    plugins: dynamicTeacher({ expander: inverseReparameterization({ ratio: 2, branches: orepa() }) }),
  })
  const scalars = { totalSteps: 2, weights: Object.fromEntries(pipeline.terms.map(({ name: term }) => [term, 1])) }
  let state = initialState(pipeline, optimizer)
  const losses: number[] = []
  const broken: string[] = []
  for (let step = 0; step < 2; step++) {
    const next = trainingStep(pipeline, optimizer, state, [{ fields: { image, label } }], scalars)
    losses.push(next.metrics['loss']!.dataSync()[0]!, next.metrics['gradient-norm']!.dataSync()[0]!)
    for (const [key, tensor] of Object.entries(next.state.trainables))
      if (!tf.tidy(() => tf.all(tf.isFinite(tensor)).dataSync()[0])) broken.push(key)
    tf.dispose(next.metrics)
    disposeReplaced(state, next.state)
    state = next.state
  }
  disposeReplaced(state)
  tf.dispose(pipeline.constants)
  return { losses, broken, left: tf.memory().numTensors - before }
}

/** Plain JavaScript takes a minute and more for the largest of them; `GPD_STEPS=all` runs those there too. */
const LARGE = /^(rvt_|convnext_|vit_|mixer_|resnet(50|101|152)$|vgg(11|13|16|19)|mobilenet_v2|shufflenet)/
const onCpu = listNetworks().filter((name) => process.env['GPD_STEPS'] === 'all' || !LARGE.test(name))

describe.each([
  ['cpu', [...onCpu, 'vgg11_bn', 'vgg16']],
  ['wasm', listNetworks()],
] as const)('training with a dynamic teacher on %s', (backend, names) => {
  beforeAll(() => useBackend(backend))

  it.each(names)('%s: finite values, and no tensor left', { timeout: 300_000 }, (name) => {
    const { losses, broken, left } = twoSteps(name)
    expect(losses.every(Number.isFinite), losses.join()).toBe(true)
    expect(losses[1]).toBeGreaterThan(0)
    expect(broken).toEqual([])
    expect(left).toBe(0)
  })
})
