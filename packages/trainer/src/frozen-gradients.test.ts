import '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs'
import { useBackend } from '@gpdjs/backends'
import { freeze } from '@gpdjs/core'
import { inverseReparameterization } from '@gpdjs/ir-expansion'
import { beforeAll, describe, expect, it } from 'vitest'
import { gradientPass } from './gradient-pass.ts'
import { smallStudent } from './laws/small-networks.ts'
import { sgd } from './optimizers/sgd.ts'
import { buildPipeline } from './pipeline/pipeline.ts'
import { dynamicTeacher } from './plugins/dynamic-teacher.ts'
import { disposeReplaced, initialState } from './training-state.ts'

/** By the place among the nodes with parameters. */
const PATTERNS = {
  'the first half': (at: number, all: number) => at < all / 2,
  'the even ones': (at: number) => at % 2 === 0,
  'the odd ones': (at: number) => at % 2 === 1,
  'all but the head': (at: number, all: number) => at < all - 1,
}

/** Gradients of a small student beside its dynamic teacher, with some nodes frozen. */
function gradientsOf(name: string, isFrozen: (at: number, all: number) => boolean) {
  const { network, parameters, statistics, x: image } = smallStudent(name)
  const owners = [...new Set(network.parameters.map(({ node }) => node))]
  const chosen = owners.filter((_, at) => isFrozen(at, owners.length))
  const student = chosen.length > 0 ? freeze(network, (id) => chosen.includes(id)) : network
  const plugins = dynamicTeacher({ expander: inverseReparameterization({ ratio: 2 }) })
  const pipeline = buildPipeline({ student, parameters, statistics, plugins, seed: 1 })
  const state = initialState(pipeline, sgd({ learningRate: 0.1 }))
  const fields = { image, label: tf.tensor1d([0, 1, 2, 0], 'int32') }
  const weights = Object.fromEntries(pipeline.terms.map(({ name: term }) => [term, 1]))
  const { gradients, metrics } = gradientPass(pipeline, state, { fields }, weights)
  const read = Object.fromEntries(Object.entries(gradients).map(([key, tensor]) => [key, tensor.dataSync()]))
  const loss = metrics['loss']!.dataSync()[0]!
  disposeReplaced(state)
  tf.dispose([gradients, metrics, pipeline.constants])
  return { loss, gradients: read, frozen: Object.keys(pipeline.constants) }
}

const plain = (name: string) => {
  const { gradients, loss } = gradientsOf(name, () => false)
  return { gradients, loss }
}

describe.each(['cpu', 'wasm'] as const)('on %s', (backend) => {
  beforeAll(() => useBackend(backend))

  it.each(['resnet8', 'mobilenet_v1', 'vit_b_16'])(
    'freezing nodes of %s changes no other gradient, and leaves out its own',
    { timeout: 120_000 },
    (name) => {
      const all = plain(name)
      for (const [pattern, isFrozen] of Object.entries(PATTERNS)) {
        const { gradients, loss, frozen } = gradientsOf(name, isFrozen)
        expect(frozen.length, pattern).toBeGreaterThan(0)
        expect([...Object.keys(gradients), ...frozen].sort(), pattern).toEqual(Object.keys(all.gradients).sort())
        expect(Math.abs(loss - all.loss), pattern).toBeLessThan(1e-6 * (1 + all.loss))
        for (const [key, gradient] of Object.entries(gradients)) {
          const expected = all.gradients[key]!
          const largest = Math.max(...expected.map(Math.abs))
          const gap = Math.max(...gradient.map((x, i) => Math.abs(x - expected[i]!)))
          expect(gap, `${pattern}: ${key}`).toBeLessThanOrEqual(1e-5 * largest + 1e-7)
        }
      }
    },
  )
})
