import * as tf from '@tensorflow/tfjs'
import { gradientRepair } from './gradient-repair.ts'

const letters = (term: string) => [...term]

/**
 * The gradient of one input: dy is contracted with the other input to the letters of this one. A letter that only this
 * input has was summed away: there the gradient is the same everywhere.
 */
function gradientOf(dy: tf.Tensor, own: string, shape: readonly number[], output: string, other?: [string, tf.Tensor]) {
  const isKnown = (letter: string) => output.includes(letter) || (other?.[0].includes(letter) ?? false)
  const known = letters(own).filter(isKnown).join('')
  const gradient =
    other === undefined
      ? tf.einsum(`${output}->${known}`, dy)
      : tf.einsum(`${output},${other[0]}->${known}`, dy, other[1])
  const withOnes = letters(own).map((letter, axis) => (isKnown(letter) ? shape[axis]! : 1))
  return tf.broadcastTo(tf.reshape(gradient, withOnes), [...shape])
}

export const einsum = gradientRepair<{ readonly equation: string }, tf.Tensor[]>({
  kernel: 'Einsum',
  problem: 'is missing',
  saveAllInputs: true,
  create:
    () =>
    (dy, saved, { equation }) => {
      const [inputs, output] = equation.replaceAll(/\s/g, '').split('->') as [string, string]
      const terms = inputs.split(',')
      return Object.fromEntries(
        terms.map((own, i) => {
          const other = terms.length === 1 ? undefined : ([terms[1 - i]!, saved[1 - i]!] as [string, tf.Tensor])
          return [i, () => gradientOf(dy, own, saved[i]!.shape, output, other)]
        }),
      )
    },
})
