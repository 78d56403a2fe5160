/**
 * Milliseconds per training step of the networks that the project is measured on, plain and with GPD.
 *
 *     pnpm bench [--networks A,D] [--ratio 2] [--steps 8] [--backend auto] [--json]
 */
import { parseArgs } from 'node:util'
import * as tf from '@tensorflow/tfjs'
import { initializeParameters, initializeStatistics, randomStream, useBackend, type BackendChoice } from '@gpdjs/core'
import { cifarResnet } from './.h-net.ts'
import { inverseReparameterization, orepa } from '@gpdjs/ir-expansion'
import { crossEntropy, dkd } from '@gpdjs/kd-losses'
import { buildPipeline, disposeReplaced, dynamicTeacher, initialState, sgd, staticTeacher, trainingStep, type PluginOption } from '@gpdjs/trainer'

const NETWORKS = {
  A: { width: 16, blocks: [3, 3, 3], inputShape: [32, 32, 3], batch: 64 },
  B: { width: 32, blocks: [2, 2, 2, 2], inputShape: [32, 32, 3], batch: 64 },
  C: { width: 64, blocks: [2, 2, 2, 2], inputShape: [32, 32, 3], batch: 32 },
  D: { width: 16, blocks: [1, 1, 1], inputShape: [28, 28, 1], batch: 64 },
  example: { width: 8, blocks: [1, 1, 1], inputShape: [28, 28, 1], batch: 64 },
} as const

const { values: options } = parseArgs({
  options: {
    networks: { type: 'string', default: 'D,example' },
    ratio: { type: 'string', default: '2' },
    branches: { type: 'string', default: '6' },
    steps: { type: 'string', default: '8' },
    backend: { type: 'string', default: 'auto' },
    json: { type: 'boolean', default: false },
  },
})

/** One arm, ready to run a step when called. */
function arm(name: keyof typeof NETWORKS, plugins: (student: ReturnType<typeof cifarResnet>) => PluginOption) {
  const { width, blocks, inputShape, batch } = NETWORKS[name]
  const student = cifarResnet({ width, blocks, inputShape: [...inputShape], classes: 10 })
  const stream = randomStream(1, 'benchmark')
  const xs = tf.tensor(Float32Array.from({ length: batch * inputShape.reduce((a, b) => a * b) }, () => stream.normal()), [batch, ...inputShape])
  const ys = tf.tensor1d(Int32Array.from({ length: batch }, () => stream.integer(10)), 'int32')
  const logits = { 'static-teacher': tf.tensor2d(Float32Array.from({ length: batch * 10 }, () => stream.normal()), [batch, 10]) }
  const pipeline = buildPipeline({
    student,
    seed: 0,
    plugins: plugins(student),
    taskTerm: (actor) => ({ name: `cross-entropy(${actor})`, weight: 1, taps: { [actor]: [] }, compute: (outputs, { labels }) => crossEntropy(outputs[actor]!.logits, labels) }),
  })
  const optimizer = sgd({ learningRate: 0.01, momentum: 0.9, weightDecay: 1e-4, clipGlobalNorm: 5 })
  const weights = Object.fromEntries(pipeline.terms.map(({ name: term }) => [term, 1]))
  let state = initialState(pipeline, optimizer)
  return async () => {
    const next = trainingStep(pipeline, optimizer, state, [{ xs, ys, logits }], { learningRate: 0.01, weights })
    await next.metrics['loss']!.data()
    tf.dispose(next.metrics)
    disposeReplaced(state, next.state)
    state = next.state
  }
}

const branches = Number(options.branches)
const ARMS = {
  plain: () => [],
  gpd: (student: ReturnType<typeof cifarResnet>) => [
    staticTeacher({ network: student, parameters: initializeParameters(student.parameters, 1), statistics: initializeStatistics(student.statistics), loss: dkd({ alpha: 1, beta: 0.5, temperature: 1 }) }),
    dynamicTeacher({ expansion: inverseReparameterization({ ratio: Number(options.ratio), ...(branches > 0 && { branches: orepa({ branches }) }) }) }),
  ],
}

const median = (times: number[]) => times.sort((a, b) => a - b)[Math.floor(times.length / 2)]!

const backend = await useBackend(options.backend as BackendChoice)
const results: Record<string, Record<string, number>> = {}
for (const name of options.networks.split(',') as (keyof typeof NETWORKS)[]) {
  const steps = Object.entries(ARMS).map(([label, plugins]) => ({ label, step: arm(name, plugins), times: [] as number[] }))
  // Interleaved, so that whatever else the machine does touches both arms alike; the first round warms up.
  for (let round = 0; round <= Number(options.steps); round++) {
    for (const { step, times } of steps) {
      const began = performance.now()
      await step()
      if (round > 0) times.push(performance.now() - began)
    }
  }
  const row = Object.fromEntries(steps.map(({ label, times }) => [label, median(times)]))
  results[name] = { ...row, ratio: row['gpd']! / row['plain']! }
}
if (options.json) console.log(JSON.stringify({ backend: backend.name, version: backend.version, results }))
else {
  console.log(`${backend.name} ${backend.version}: milliseconds per step`)
  console.table(Object.fromEntries(Object.entries(results).map(([name, row]) => [name, Object.fromEntries(Object.entries(row).map(([key, value]) => [key, Number(value.toFixed(2))]))])))
}
