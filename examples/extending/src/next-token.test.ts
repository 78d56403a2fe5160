import * as tf from '@tensorflow/tfjs'
import { initializeParameters, predict } from '@gpdjs/core'
import { tensorSource } from '@gpdjs/data'
import { inverseReparameterization } from '@gpdjs/ir-expansion'
import { kd } from '@gpdjs/kd-losses'
import { adamw, distill, dynamicTeacher, evaluate, staticTeacher } from '@gpdjs/trainer'
import { beforeAll, describe, expect, it } from 'vitest'
import { languageModel, nextToken } from './next-token.ts'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

const TEXT =
  'the cat sat on the mat and the dog sat on the log and the cat ran to the dog and the dog ran to the mat and '
const CHARACTERS = [...new Set(TEXT)].sort()
const LENGTH = 12
const shape = { vocabulary: CHARACTERS.length, tokens: LENGTH }

/** Windows of the text, each one a character behind the one before. */
function windows() {
  const ids = [...TEXT].map((character) => CHARACTERS.indexOf(character))
  const all = ids.slice(0, -LENGTH).map((_, at) => ids.slice(at, at + LENGTH))
  return tensorSource({
    fields: { tokens: tf.tensor2d(all, [all.length, LENGTH], 'int32') },
    sizes: { tokens: shape.vocabulary },
  })
}

const task = nextToken()
const options = { data: { train: windows(), validation: windows() }, task, batchSize: 16, seed: 0 }

describe('a language model', () => {
  it('needs fewer and fewer bits for a token, and teaches a smaller one by its logits', async () => {
    const network = languageModel({ ...shape, width: 16 })
    const start = { network, parameters: initializeParameters(network.parameters, 0), statistics: {} }
    const before = await evaluate(start, options.data.train, { task })
    expect(before.bits).toBeCloseTo(before.loss / Math.LN2, 5)
    const teacher = await distill({ ...options, student: network, optimizer: adamw({ learningRate: 0.01 }), epochs: 8 })
    expect(teacher.best!.value).toBeLessThan(before.bits / 2)
    expect(teacher.best!.metric).toBe('bits')

    const student = languageModel({ ...shape, width: 8 })
    const run = await distill({
      ...options,
      student,
      optimizer: adamw({ learningRate: 0.01 }),
      epochs: 4,
      plugins: [
        staticTeacher({ ...teacher.student, loss: kd({ temperature: 1 }) }),
        dynamicTeacher({ expander: inverseReparameterization({ ratio: 2 }) }),
      ],
    })
    const bits = run.history.map(({ logs }) => logs['val_bits']!)
    const taught = run.history.map(({ logs }) => logs['kd(student, static-teacher)']!)
    expect(bits.at(-1)!).toBeLessThan(bits[0]! - 0.5)
    expect(taught.at(-1)!).toBeLessThan(0.7 * taught[0]!)
    expect(run.student.network.parameters).toEqual(student.parameters)
  })

  it('does not see what comes later: another last token changes no earlier logits', () => {
    const network = languageModel({ ...shape, width: 8, depth: 2 })
    const model = { network, parameters: initializeParameters(network.parameters, 1), statistics: {} }
    const tokens = Array.from({ length: LENGTH }, (_, i) => i % shape.vocabulary)
    const logits = (last: number) => {
      const x = tf.tensor2d([...tokens.slice(0, -1), last], [1, LENGTH], 'int32')
      return [...tf.slice(predict(model, x), [0, 0, 0], [1, LENGTH - 1, -1]).dataSync()]
    }
    expect(logits(0)).toEqual(logits(5))
  })
})
