import '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs'
import { conv2d, dense, dropout, globalAveragePool, graph, relu, useBackend, type BackendName } from '@gpdjs/core'
import { inverseReparameterization, orepa } from '@gpdjs/ir-expansion'
import { expect, it } from 'vitest'
import { distill } from './distill.ts'
import { adamw } from './optimizers/adamw.ts'
import { dynamicTeacher } from './plugins/dynamic-teacher.ts'
import { cosine } from './schedule.ts'
import { tinyData } from './testing.ts'

/** The student of a run with everything random in it: drawn weights, noise, branches, shuffling, dropout. */
function student() {
  const g = graph({ name: 'dropping', inputShape: [6, 6, 1] })
  const x = g.add('relu', relu(), g.add('conv', conv2d({ filters: 4, kernelSize: 3 }), 'image'))
  return g.build(
    g.add('fc', dense({ units: 3 }), g.add('drop', dropout({ rate: 0.25 }), g.add('pool', globalAveragePool(), x))),
  )
}

async function losses(backend: BackendName): Promise<number[]> {
  await useBackend(backend)
  const curve: number[] = []
  const run = await distill({
    student: student(),
    data: { train: tinyData(30) },
    optimizer: adamw({ learningRate: cosine(0.01) }),
    epochs: 20,
    batchSize: 6,
    seed: 0,
    plugins: dynamicTeacher({ expander: inverseReparameterization({ ratio: 2, branches: orepa() }) }),
    callbacks: { onBatchEnd: (_, logs) => void curve.push(logs['loss']!) },
  })
  run.dispose()
  tf.disposeVariables()
  return curve
}

it('trains along the same curve on every backend, seed 0 included', async () => {
  const [cpu, wasm] = [await losses('cpu'), await losses('wasm')]
  expect(cpu).toHaveLength(100)
  cpu.forEach((loss, step) => expect(Math.abs(wasm[step]! - loss) / loss).toBeLessThan(1e-3))
  expect(cpu.at(-1)!).toBeLessThan(0.8 * cpu[0]!)
})
