import '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs'
import { useBackend, type BackendName } from '@gpdjs/backends'
import {
  batchNorm,
  conv2d,
  dense,
  depthwiseConv2d,
  dropout,
  globalAveragePool,
  graph,
  relu,
  type Network,
} from '@gpdjs/core'
import { inverseReparameterization, orepa } from '@gpdjs/ir-expansion'
import { expect, it } from 'vitest'
import { distill } from './distill.ts'
import { adamw } from './optimizers/adamw.ts'
import { dynamicTeacher } from './plugins/dynamic-teacher.ts'
import { cosine } from './schedule.ts'
import { tinyData } from './testing.ts'

/** With dropout, so that everything random is in its run: drawn weights, noise, branches, shuffling, masks. */
function dropping(): Network {
  const g = graph({ name: 'dropping', inputShape: [6, 6, 1] })
  const x = g.add('relu', relu(), g.add('conv', conv2d({ filters: 4, kernelSize: 3 }), 'image'))
  return g.build(
    g.add('fc', dense({ units: 3 }), g.add('drop', dropout({ rate: 0.25 }), g.add('pool', globalAveragePool(), x))),
  )
}

/** With batch norm, strides of 2 and a depthwise convolution. */
function separable(): Network {
  const g = graph({ name: 'separable', inputShape: [6, 6, 1] })
  const normalized = (name: string, x: string) => g.add(`${name}.relu`, relu(), g.add(`${name}.norm`, batchNorm(), x))
  const stem = normalized('stem', g.add('stem', conv2d({ filters: 4, kernelSize: 3 }), 'image'))
  const depthwise = normalized('depthwise', g.add('depthwise', depthwiseConv2d({ kernelSize: 3, strides: 2 }), stem))
  const pointwise = normalized('pointwise', g.add('pointwise', conv2d({ filters: 6, kernelSize: 1 }), depthwise))
  return g.build(g.add('fc', dense({ units: 3 }), g.add('pool', globalAveragePool(), pointwise)))
}

async function losses(backend: BackendName, student: Network): Promise<number[]> {
  await useBackend(backend)
  const curve: number[] = []
  const run = await distill({
    student,
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

it.each([dropping(), separable()])(
  'trains $name along the same curve on every backend, seed 0 included',
  async (student) => {
    const [cpu, wasm] = [await losses('cpu', student), await losses('wasm', student)]
    expect(cpu).toHaveLength(100)
    cpu.forEach((loss, step) => expect(Math.abs(wasm[step]! - loss) / loss).toBeLessThan(1e-5))
    expect(cpu.at(-1)!).toBeLessThan(0.8 * cpu[0]!)
  },
)
