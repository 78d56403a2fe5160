import * as tf from '@tensorflow/tfjs'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { useBackend } from '../../use-backend.ts'
import { repairWasmKernels, wasmKernels } from './index.ts'

const multiply = (a: number[][], b: number[][]) =>
  a.map((row) => b[0]!.map((_, j) => row.reduce((sum, value, i) => sum + value * b[i]![j]!, 0)))
const flip = (a: number[][]) => a[0]!.map((_, j) => a.map((row) => row[j]!))
const matrix = (rows: number, columns: number, f: (i: number, j: number) => number) =>
  Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => f(i, j)))

describe('the wasm kernels', () => {
  beforeAll(() => useBackend('wasm'))

  it('refuse a version for which they are not written', async () => {
    await expect(repairWasmKernels('4.23.0')).rejects.toMatchObject({
      code: 'backend.unsupported',
      fix: expect.stringContaining('4.22.0') as string,
    })
  })

  it('are listed once each', () => {
    const names = wasmKernels.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
  })

  it('clone without copying, and keep what is still used', async () => {
    const before = tf.memory()
    const x = tf.tensor1d([1, 2, 3])
    const clones = [tf.clone(x), tf.clone(x)] as const
    expect(tf.memory().numDataBuffers).toBe(before.numDataBuffers + 1)
    x.dispose()
    clones[0].dispose()
    expect(Array.from(await clones[1].data())).toEqual([1, 2, 3])
    clones[1].dispose()
    expect(tf.memory().numTensors).toBe(before.numTensors)
    expect(tf.memory().numDataBuffers).toBe(before.numDataBuffers)
  })

  // In the first-level cache, or beyond it with sums of few and of many products.
  it.each([
    { largest: { m: 40, k: 40, n: 40 }, batch: 3 },
    { largest: { m: 140, k: 70, n: 90 }, batch: 2 },
    { largest: { m: 12, k: 900, n: 14 }, batch: 2 },
  ])('multiply $batch matrices of up to $largest.m×$largest.k, transposed or not', ({ largest, batch }) => {
    const upTo = (max: number) => fc.integer({ min: 1, max })
    fc.assert(
      fc.property(
        upTo(largest.m),
        upTo(largest.k),
        upTo(largest.n),
        fc.boolean(),
        fc.boolean(),
        (m, k, n, transposeA, transposeB) => {
          // Small integers: every sum is exact, in whatever order it is taken.
          const a = Array.from({ length: batch }, (_, i) => matrix(m, k, (r, c) => ((7 * r + 3 * c + i) % 11) - 5))
          const b = Array.from({ length: batch }, (_, i) => matrix(k, n, (r, c) => ((5 * r + 2 * c + i) % 13) - 6))
          const product = tf.tidy(() =>
            tf
              .matMul(
                tf.tensor3d(transposeA ? a.map(flip) : a),
                tf.tensor3d(transposeB ? b.map(flip) : b),
                transposeA,
                transposeB,
              )
              .arraySync(),
          )
          expect(product).toEqual(a.map((matrix, i) => multiply(matrix, b[i]!)))
        },
      ),
      { seed: 1, numRuns: 40 },
    )
  })

  it('sum long columns into a product that no cache holds', () => {
    const [k, m, n] = [1041, 259, 255]
    const a = matrix(k, m, (r, c) => ((7 * r + 3 * c) % 11) - 5)
    const b = matrix(k, n, (r, c) => ((5 * r + 2 * c) % 13) - 6)
    const product = tf.tidy(() => tf.matMul(tf.tensor2d(a), tf.tensor2d(b), true, false).arraySync()) as number[][]
    // (aᵀ b) v = aᵀ (b v): a wrong entry shows unless its weight is zero, and none is.
    const v = Array.from({ length: n }, (_, j) => [1 + ((j * j) % 17)])
    expect(product.length).toBe(m)
    expect(multiply(product, v)).toEqual(multiply(flip(a), multiply(b, v)))
  })

  it('multiply batches that are both broadcast, which even the cpu backend does not', () => {
    const a = [[[[1, 2]]], [[[3, 4]]]] // [2, 1, 1, 2]
    const b = [
      [
        [[1], [1]],
        [[1], [-1]],
        [[0], [1]],
      ],
    ] // [1, 3, 2, 1]
    const product = tf.tidy(() => tf.matMul(tf.tensor4d(a), tf.tensor4d(b)))
    expect(product.shape).toEqual([2, 3, 1, 1])
    expect(Array.from(product.dataSync())).toEqual([3, -1, 2, 7, -1, 4])
    product.dispose()
  })

  it('convolve images of any size, stride and padding as the defining sum does', () => {
    const window = fc.record({
      height: fc.integer({ min: 3, max: 9 }),
      width: fc.integer({ min: 3, max: 9 }),
      channels: fc.integer({ min: 1, max: 9 }),
      filters: fc.integer({ min: 1, max: 13 }),
      size: fc.integer({ min: 1, max: 3 }),
      stride: fc.integer({ min: 1, max: 3 }),
      padding: fc.integer({ min: 0, max: 2 }),
    })
    fc.assert(
      fc.property(window, ({ height, width, channels, filters, size, stride, padding }) => {
        const x = (i: number, j: number, c: number) =>
          i < 0 || j < 0 || i >= height || j >= width ? 0 : ((3 * i + 5 * j + 2 * c) % 7) - 3
        const w = (i: number, j: number, c: number, k: number) => ((i + 2 * j + 3 * c + 4 * k) % 5) - 2
        const image = tf.buffer([1, height, width, channels])
        const kernel = tf.buffer([size, size, channels, filters])
        for (let i = 0; i < image.size; i++)
          image.values[i] = x(...(image.indexToLoc(i).slice(1) as [number, number, number]))
        for (let i = 0; i < kernel.size; i++)
          kernel.values[i] = w(...(kernel.indexToLoc(i) as [number, number, number, number]))
        const y = tf.tidy(() =>
          tf
            .conv2d(
              image.toTensor() as tf.Tensor4D,
              kernel.toTensor() as tf.Tensor4D,
              stride,
              padding,
              'NHWC',
              1,
              'floor',
            )
            .arraySync(),
        )[0]!
        expect(y.length).toBe(Math.floor((height + 2 * padding - size) / stride) + 1)
        y.forEach((row, p) =>
          row.forEach((position, q) =>
            position.forEach((value, k) => {
              let sum = 0
              for (let i = 0; i < size; i++)
                for (let j = 0; j < size; j++)
                  for (let c = 0; c < channels; c++)
                    sum += x(p * stride + i - padding, q * stride + j - padding, c) * w(i, j, c, k)
              expect(value).toBe(sum)
            }),
          ),
        )
      }),
      { seed: 2, numRuns: 40 },
    )
  })

  it('give the gradient of equal maxima to the first', () => {
    const gradient = tf.tidy(() =>
      tf
        .grad((x) => tf.sum(tf.maxPool(x as tf.Tensor4D, 2, 2, 'valid')))(tf.fill([1, 2, 2, 5], -1))
        .arraySync(),
    ) as number[][][][]
    expect(gradient[0]!.flat().map((channels) => channels.join())).toEqual([
      '1,1,1,1,1',
      '0,0,0,0,0',
      '0,0,0,0,0',
      '0,0,0,0,0',
    ])
  })

  it('leave no tensor behind in a training loop', () => {
    const [x, w, v] = [tf.randomNormal([4, 9, 9, 3]), tf.randomNormal([3, 3, 3, 8]), tf.randomNormal([128, 5])]
    const step = () =>
      tf.tidy(() => {
        const loss = (w: tf.Tensor, v: tf.Tensor) => {
          const y = tf.maxPool(tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, 'same'), 3, 2, 'valid')
          return tf.sum(tf.square(tf.matMul(tf.reshape(y, [4, -1]), v)))
        }
        tf.grads(loss)([w, v])
      })
    step()
    const counts = () => [tf.memory().numTensors, tf.memory().numDataBuffers, tf.backend().numDataIds()]
    const before = counts()
    for (let i = 0; i < 5; i++) step()
    expect(counts()).toEqual(before)
    tf.dispose([x, w, v])
  })
})
