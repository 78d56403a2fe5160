import type * as tf from '@tensorflow/tfjs'
import { sizeOf } from '@gpdjs/core'
import { compose, portableKernel, type Run } from './compose.ts'

/** A tensor whose axes have letters. */
interface Term {
  readonly letters: string
  readonly info: tf.TensorInfo
}

const both = (a: string, b: string) => [...a].filter((letter) => b.includes(letter)).join('')
const without = (a: string, b: string) => [...a].filter((letter) => !b.includes(letter)).join('')

const sizesOf = ({ letters, info }: Term, some: string) =>
  [...some].map((letter) => info.shape[letters.indexOf(letter)]!)

/** Sums over the letters that are not kept. */
function sumTo(run: Run, term: Term, kept: string): Term {
  const summed = without(term.letters, kept)
  if (summed === '') return term
  const axis = [...summed].map((letter) => term.letters.indexOf(letter))
  return { letters: both(term.letters, kept), info: run('Sum', { x: term.info }, { axis, keepDims: false }) }
}

function reorder(run: Run, { letters, info }: Term, order: string): tf.TensorInfo {
  if (letters === order) return info
  return run('Transpose', { x: info }, { perm: [...order].map((letter) => letters.indexOf(letter)) })
}

/** Letters of both that stay are a batch; letters of both that go are summed in a product of matrices. */
function contract(run: Run, a: Term, b: Term, output: string): Term {
  const shared = both(a.letters, b.letters)
  const [batch, inner] = [both(shared, output), without(shared, output)]
  const [left, right] = [without(a.letters, shared), without(b.letters, shared)]
  const matrices = (term: Term, rows: string, columns: string) => {
    const x = reorder(run, term, batch + rows + columns)
    const shape = [batch, rows, columns].map((some) => sizeOf(sizesOf(term, some)))
    return run('Reshape', { x }, { shape })
  }
  const inputs = { a: matrices(a, left, inner), b: matrices(b, inner, right) }
  const x = run('BatchMatMul', inputs, { transposeA: false, transposeB: false })
  const shape = [...sizesOf(a, batch), ...sizesOf(a, left), ...sizesOf(b, right)]
  return { letters: batch + left + right, info: run('Reshape', { x }, { shape }) }
}

/** Both inputs are summed over what only they have, then multiplied as batches of matrices. */
export const einsum = portableKernel<string, { readonly equation: string }>({
  name: 'Einsum',
  problem: 'is silently wrong when it sums over more than one letter of two inputs',
  create:
    (_stock, backendName) =>
    ({ inputs, attrs, backend }) => {
      const [left, output] = attrs.equation.replaceAll(/\s/g, '').split('->') as [string, string]
      const infos = Object.values(inputs)
      const terms = left.split(',').map((letters, i): Term => ({ letters, info: infos[i]! }))
      return compose(backendName, backend, (run) => {
        const [a, b] = terms.map((term, i) => sumTo(run, term, output + (terms[1 - i]?.letters ?? ''))) as [Term, Term?]
        const result = b === undefined ? a : contract(run, a, b, output)
        return run('Identity', { x: reorder(run, result, output) })
      })
    },
})
