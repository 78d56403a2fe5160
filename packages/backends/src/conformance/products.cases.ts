import * as tf from '@tensorflow/tfjs'
import { describe, type ConformanceCase } from './case.ts'

// a, b, transposeA, transposeB
type Product = readonly [
  a: readonly number[],
  b: readonly number[],
  transposeA: boolean,
  transposeB: boolean,
  fails?: readonly string[],
]

/** Both batches are repeated, or one along an axis that is not its first. */
const BROADCAST_BATCHES = ['gradient BatchMatMul', 'cpu BatchMatMul', 'webgpu BatchMatMul']

const PRODUCTS: readonly Product[] = [
  [[5, 7], [7, 3], false, false],
  [[7, 5], [7, 8], true, false],
  [[200, 5], [200, 7], true, false],
  [[5, 7], [3, 7], false, true],
  [[7, 5], [3, 7], true, true],
  [[6, 1030], [5, 1030], false, true],
  [[3, 5, 7], [3, 7, 4], false, false],
  [[3, 7, 5], [3, 7, 6], true, false],
  [[3, 5, 7], [3, 4, 7], false, true],
  [[3, 7, 5], [3, 4, 7], true, true],
  [[2, 3, 4, 5], [2, 3, 5, 6], false, false],
  [[1, 5, 7], [3, 7, 4], false, false, ['gradient BatchMatMul']],
  [[2, 3, 4, 5], [3, 5, 6], false, false, ['gradient BatchMatMul']],
  [[2, 1, 4, 5], [2, 3, 5, 6], false, false, BROADCAST_BATCHES],
  [[2, 1, 4, 5], [1, 3, 6, 5], false, true, BROADCAST_BATCHES],
  [[1, 1], [1, 1], false, false],
  [[1, 7], [7, 1], false, false],
  [[3, 1, 7], [3, 7, 1], false, false],
  [[29, 300], [300, 70], false, false],
  [[300, 29], [300, 70], true, false],
  [[300, 28], [300, 10], true, false],
  [[2, 700, 36], [2, 10, 700], true, true],
  [[29, 300], [70, 300], false, true],
  [[300, 29], [70, 300], true, true],
  [[20, 9, 8], [20, 8, 32], false, false],
  [[20, 9, 8], [20, 9, 37], true, false],
  [[20, 9, 37], [20, 8, 37], false, true],
  // Fewer than four rows or columns, and sums of one product.
  [[300, 6], [300, 1], true, false],
  [[3, 9, 6], [3, 9, 2], true, false],
  [[3, 9, 6], [3, 3, 9], true, true],
  [[5, 9, 8], [5, 8, 3], false, false],
  [[5, 6, 36], [5, 2, 36], false, true],
  [[3, 1, 12], [3, 12, 1], false, false],
  [[2, 3, 7, 4], [3, 2, 4], false, true, ['gradient BatchMatMul']],
  [[300, 70], [2, 300], true, true],
  [[2, 40], [30, 40], false, true],
  [[3, 1, 37], [3, 30, 37], false, true],
  [[2, 37, 3], [2, 30, 37], true, true],
  [[1, 2, 37], [3, 30, 37], false, true, ['gradient BatchMatMul']],
  [[7, 300], [300, 40], false, false],
  [[300, 5], [300, 40], true, false],
  [[2, 3, 300], [2, 300, 41], false, false],
  [[8, 70], [45, 70], false, true],
  [[2, 70, 6], [2, 45, 70], true, true],
  [[3, 5, 1], [3, 7, 1], false, true],
  [[3, 1, 5], [3, 7, 1], true, true],
  [[3, 1, 5], [3, 1, 7], true, false],
]

/** No rows, no columns, no batch, and sums of nothing. */
const EMPTY: readonly Product[] = [
  [[0, 3], [3, 2], false, false],
  [[3, 5], [0, 5], false, true],
  [[0, 3, 5], [0, 5, 6], false, false],
  [[5, 0], [0, 6], false, false],
  [[2, 0, 5], [2, 6, 0], true, true],
]

const product = ([a, b, transposeA, transposeB, fails]: Product): ConformanceCase => ({
  name: `matMul ${describe(a, b, transposeA, transposeB)}`,
  inputs: { a: { shape: a }, b: { shape: b } },
  f: ({ a, b }) => tf.matMul(a!, b!, transposeA, transposeB),
  ...(fails === undefined ? {} : { fails }),
})

const fusedProduct = (
  activation: 'linear' | 'relu' | 'sigmoid' | 'elu',
  transposeA: boolean,
  transposeB: boolean,
  biasRank: 1 | 2,
): ConformanceCase => ({
  name: `fused matMul ${describe(activation, transposeA, transposeB, biasRank)}`,
  inputs: {
    a: { shape: transposeA ? [2, 9, 5] : [2, 5, 9] },
    b: { shape: transposeB ? [2, 6, 9] : [2, 9, 6] },
    bias: { shape: biasRank === 1 ? [6] : [1, 6] },
  },
  f: ({ a, b, bias }) => tf.fused.matMul({ a: a!, b: b!, bias: bias!, activation, transposeA, transposeB }),
  // The gradient of the fused operation does not reduce its bias over a batch.
  differentiable: false,
  fails: ['wasm _FusedMatMul'],
})

const einsum = (equation: string, ...shapes: readonly (readonly number[])[]): ConformanceCase => ({
  name: `einsum ${equation}`,
  inputs: Object.fromEntries(shapes.map((shape, i) => ['ab'[i]!, { shape }])),
  f: (inputs) => tf.einsum(equation, ...Object.values(inputs)),
  fails: ['gradient Einsum', 'wasm Einsum', ...(SUMS_TWO.includes(equation) ? ['cpu Einsum', 'webgpu Einsum'] : [])],
})

/** Two inputs, and more than one letter that is summed. */
const SUMS_TWO = ['ijk,k->i', 'ij,jk->']

export const productCases: readonly ConformanceCase[] = [
  ...EMPTY.map(product),
  ...PRODUCTS.map(product),
  fusedProduct('linear', true, false, 1),
  fusedProduct('relu', false, true, 1),
  fusedProduct('sigmoid', false, false, 1),
  fusedProduct('elu', false, false, 2),
  einsum('ab,bc->ac', [3, 4], [4, 5]),
  einsum('bqhd,bkhd->bhqk', [2, 3, 2, 4], [2, 5, 2, 4]),
  einsum('ij,kj->ki', [3, 4], [2, 4]),
  einsum('ijk,k->i', [2, 3, 4], [4]),
  einsum('i,j->ij', [3], [4]),
  einsum('ij,ij->j', [3, 4], [3, 4]),
  einsum('i,i->', [5], [5]),
  einsum('ij,jk->', [2, 3], [3, 2]),
  einsum('ij->ji', [3, 4]),
  einsum('ijk->j', [2, 3, 4]),
]
