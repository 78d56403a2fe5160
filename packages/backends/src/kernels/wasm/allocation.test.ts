/** What happens when the 4 GiB of the wasm backend are used up: an error at once, and never a wrong number. */
import { isGpdError } from '@gpdjs/core'
import * as tf from '@tensorflow/tfjs'
import '@tensorflow/tfjs-backend-wasm'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { useBackend } from '../../use-backend.ts'
import type { WasmBackend } from './wasm-backend.ts'

const factory = tf.findBackendFactory('wasm')
const wasm = () => tf.backend() as tf.KernelBackend & WasmBackend & { wasm: { _malloc(bytes: number): number } }

/** A module of its own for each test: one that has run out stays so. */
beforeEach(async () => {
  if (tf.findBackend('wasm') !== null) tf.removeBackend('wasm')
  tf.registerBackend('wasm', factory, 2)
  await useBackend('wasm')
})

afterEach(() => tf.setBackend('cpu'))

const failureOf = (f: () => unknown): { code: string; message: string } => {
  try {
    f()
  } catch (error) {
    if (isGpdError(error)) return error
    throw error
  }
  throw new Error('It was computed.')
}

/** Takes memory without writing to it, which costs none of the machine. */
const take = (bytes: number) => wasm().makeOutput([bytes / 4], 'float32')
const GIB = 2 ** 30

describe.each<[what: string, exhaust: () => unknown]>([
  ['more than there is, in one tensor', () => take(4 * GIB)],
  ['sizes that are small modulo 4 GiB', () => take(4 * GIB + 64)],
  ['two halves of 2 GiB', () => [take(2 * GIB), take(2 * GIB)]],
  ['many tensors', () => Array.from({ length: 40 }, () => take(GIB / 8))],
])('%s', (_, exhaust) => {
  it('is an error with what to do', () => {
    const { code, message } = failureOf(exhaust)
    expect(code).toBe('backend.out-of-memory')
    expect(message).toMatch(/wasm has no memory for .* GiB more: .* of its 4 GiB are in use\. Use smaller batches/)
  })

  it('ends the backend: later use says so, what was computed can be read, and disposing does not fail', async () => {
    const before = tf.tensor1d([1, 2, 3])
    const sum = tf.add(before, 1)
    failureOf(exhaust)
    const matrix = () => tf.matMul(tf.ones([2, 2]), tf.ones([2, 2]))
    for (const use of [() => tf.add(before, before), () => tf.tensor1d([1]), matrix]) {
      const { code, message } = failureOf(use)
      expect(code).toBe('backend.out-of-memory')
      expect(message).toMatch(
        /ran out of memory before, and computes no more in this process\. Start the program again/,
      )
    }
    expect([...(await sum.data())]).toEqual([2, 3, 4])
    tf.dispose([before, sum])
    await expect(useBackend('wasm')).rejects.toMatchObject({ code: 'backend.out-of-memory' })
  })
})

it('computes with 3 GiB in use as with none', async () => {
  Array.from({ length: 6 }, () => take(GIB / 2))
  const product = tf.matMul(tf.tensor2d([1, 2, 3, 4], [2, 2]), tf.tensor2d([1, 2, 3, 4], [2, 2]))
  expect([...(await product.data())]).toEqual([7, 10, 15, 22])
})

describe('an allocator of a machine that is full', () => {
  const trap = () => {
    throw new WebAssembly.RuntimeError('memory access out of bounds')
  }
  it.each([
    ['gives nothing', () => 0],
    ['traps', trap],
  ])('that %s is the same error', async (_, malloc) => {
    tf.removeBackend('wasm')
    tf.registerBackend('wasm', factory, 2)
    await tf.setBackend('wasm')
    wasm().wasm._malloc = malloc
    await useBackend('wasm')
    expect(failureOf(() => tf.tensor1d([1, 2])).message).toMatch(/wasm has no memory for 0\.00 GiB more/)
    expect(failureOf(() => tf.tensor1d([1, 2])).message).toMatch(/ran out of memory before/)
  })
})
