import * as tf from '@tensorflow/tfjs'
import { describe, expect, it } from 'vitest'
import { useBackend } from '../use-backend.ts'
import { repairCpuKernels } from './cpu/index.ts'
import { defects } from '../conformance/defects.ts'
import { gradientRepairs, repairGradients } from './gradients/index.ts'
import { refusedGradients } from './gradients/refused.ts'
import { refusedKernels } from './missing-kernels.ts'

describe('before useBackend', () => {
  // In this order: nothing is registered yet.
  it.each(refusedGradients)('TensorFlow.js has no gradient of $kernel, which is refused', ({ kernel }) => {
    expect(tf.getGradient(kernel)).toBeUndefined()
  })

  it('a pool takes the width of its result from the height of its window, if the padding is a number', () => {
    const { outShape } = tf.backend_util.computePool2DInfo([1, 8, 8, 1], [2, 3], 1, 1, 2)
    expect(outShape).toEqual([1, 11, 11, 1]) // 10 wide: 8 + 2 + 2 − 3 + 1
  })

  it('seed 0 draws other numbers each time, and a seeded dropout the same mask', () => {
    const drawn = () => Array.from(tf.randomNormal([4], 0, 1, 'float32', 0).dataSync())
    expect(drawn()).not.toEqual(drawn())
    const mask = () => Array.from(tf.dropout(tf.ones([40]), 0.5, undefined, 7).dataSync())
    expect(mask()).toEqual(mask())
  })
})

describe('after useBackend', () => {
  it('a missing gradient is an error that names what to use instead', async () => {
    await useBackend('cpu')
    const crop = (x: tf.Tensor) =>
      tf.sum(tf.image.cropAndResize(x as tf.Tensor4D, [[0, 0, 1, 1]], tf.tensor1d([0], 'int32'), [2, 2]))
    const gradient = () => tf.grad(crop)(tf.ones([1, 4, 4, 1]))
    expect(gradient).toThrow(expect.objectContaining({ code: 'backend.unsupported' }))
    expect(gradient).toThrow('TensorFlow.js has no gradient of CropAndResize')
    expect(gradient).toThrow('Use tf.slice and tf.image.resizeBilinear.')
  })

  it('no number comes out of complex ones', async () => {
    await useBackend('cpu')
    const spectrum = (x: tf.Tensor) => tf.sum(tf.real(tf.spectral.fft(tf.complex(x, tf.zerosLike(x)))))
    expect(() => tf.grad(spectrum)(tf.ones([4]))).toThrow('TensorFlow.js has no gradient of')
  })

  it('a missing kernel is an error that names the backends that have it', async () => {
    await useBackend('wasm')
    const call = () => tf.complex([1], [2])
    expect(call).toThrow(expect.objectContaining({ code: 'backend.unsupported' }))
    expect(call).toThrow("The backend 'wasm' has no kernel Complex.")
    expect(call).toThrow("useBackend('cpu')")
    expect(refusedKernels('wasm')).toEqual(expect.arrayContaining(['FFT', 'IFFT', 'RaggedGather', 'Real']))
    expect(refusedKernels('wasm')).not.toContain('Einsum')
  })

  it('every defect is listed once for each backend, with what became of it', async () => {
    await useBackend('wasm')
    const all = await defects()
    const keys = all.map(({ backend, what, problem }) => `${backend} ${what} ${problem}`)
    expect(new Set(keys).size).toBe(keys.length)
    for (const { outcome, instead, what } of all) {
      if (outcome === 'avoided') expect(instead, what).toBeDefined()
    }
    for (const { kernel } of gradientRepairs)
      expect(keys.some((key) => key.includes(`gradient of ${kernel} `))).toBe(true)
  })
})

it('a version that is not known is refused', () => {
  for (const repair of [repairGradients, repairCpuKernels]) {
    expect(() => repair('4.23.0')).toThrow(expect.objectContaining({ code: 'backend.unsupported' }))
    expect(() => repair('4.23.0')).toThrow('4.22.0')
  }
})
