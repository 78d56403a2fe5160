import type * as tf from '@tensorflow/tfjs'
import { sizeOf } from '@gpdjs/core'
import { extraWasmKernel } from './kernel.ts'
import { simd } from './simd/module.ts'
import { zeros, type WasmBackend } from './wasm-backend.ts'

/** The sizes of `x` as a matrix `[rows, channels]`, and a function from a tensor to its address. */
export function layout(backend: WasmBackend, x: tf.TensorInfo) {
  const channels = x.shape.at(-1)!
  return {
    channels,
    rows: sizeOf(x.shape) / channels,
    rowBytes: 4 * channels,
    address: (info: tf.TensorInfo) => backend.getMemoryOffset(info.dataId),
  }
}

export const channelAdd = extraWasmKernel(
  'ChannelAdd',
  'Add with broadcasting is up to five times slower than without',
  ({ inputs: { x, b }, backend }) => {
    const { channels, rows, rowBytes, address } = layout(backend, x)
    const out = backend.makeOutput([...x.shape], 'float32')
    simd(backend).channelAdd(address(x), rowBytes, address(b), address(out), rowBytes, rows, channels)
    return [out]
  },
)

export const channelAffine = extraWasmKernel(
  'ChannelAffine',
  'Multiply and Add with broadcasting are slow, and two passes',
  ({ inputs: { x, a, b }, backend }) => {
    const { channels, rows, rowBytes, address } = layout(backend, x)
    const out = backend.makeOutput([...x.shape], 'float32')
    simd(backend).channelAffine(address(x), rowBytes, address(a), address(b), address(out), rowBytes, rows, channels)
    return [out]
  },
)

export const channelMoments = extraWasmKernel(
  'ChannelMoments',
  'mean and variance compose from seven passes; these are two',
  ({ inputs: { x }, backend }) => {
    const { channels, rows, rowBytes, address } = layout(backend, x)
    const [mean, variance] = [zeros(backend, [channels]), zeros(backend, [channels])]
    const divide = (info: tf.TensorInfo) => {
      const values = backend.typedArrayFromHeap(info)
      for (let c = 0; c < channels; c++) values[c]! /= rows
    }
    simd(backend).channelSum(address(x), rowBytes, address(mean), rows, channels)
    divide(mean)
    simd(backend).centeredSquares(address(x), rowBytes, address(mean), address(variance), rows, channels)
    divide(variance)
    return [mean, variance]
  },
)
