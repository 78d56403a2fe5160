/** What sources are checked for, by networks and tasks. */
import * as tf from '@tensorflow/tfjs'
import { dense, embedding, graph, meanToken, type BatchSource, type EntryRules } from '@gpdjs/core'
import { tensorSource } from '@gpdjs/data'
import { describe, expect, it } from 'vitest'
import { classification } from '../tasks/classification.ts'
import { drawn, tinyData, tinyNetwork } from '../testing.ts'
import { evaluate } from '../evaluate.ts'
import { checkValues } from './check-values.ts'

await tf.setBackend('cpu')

/** Tokens go in, of a vocabulary of so many. */
function reader(vocabulary: number) {
  const g = graph({ name: 'reader', inputs: { tokens: { shape: [3], dtype: 'int32', size: vocabulary } } })
  const mean = g.add('mean', meanToken(), g.add('embedding', embedding({ units: 4, vocabulary }), 'tokens'))
  return g.build(g.add('fc', dense({ units: 2 }), mean))
}

const texts = () =>
  tensorSource({
    fields: { tokens: tf.tensor2d([0, 4, 2, 5, 1, 1], [2, 3], 'int32'), label: tf.tensor1d([0, 1], 'int32') },
  })

describe('checkValues', () => {
  it('holds whole numbers to the inputs of networks, the smallest of them', async () => {
    const check = (...sizes: number[]) =>
      checkValues(classification(), Object.fromEntries(sizes.map((size, i) => [`network${i}`, reader(size)])), texts())
    await expect(check(6, 9)).resolves.toBeUndefined()
    await expect(check(9, 5)).rejects.toThrow(/tokens 0 … 4, got 5 at index 1/)
    await expect(evaluate(drawn(reader(4), 1), texts())).rejects.toMatchObject({ code: 'data.label-range' })
  })

  it('asks the source, and looks through one that has no check once for each network', async () => {
    const { check: _, ...bare } = tinyData(6)
    let looks = 0
    const watched: BatchSource = { ...bare, batches: (options) => (looks++, bare.batches(options)) }
    const asked: (EntryRules | undefined)[] = []
    const knowing: BatchSource = { ...watched, check: async (rules) => void asked.push(rules) }
    const networks = { student: tinyNetwork() }
    await checkValues(classification(), networks, knowing)
    expect([asked, looks]).toEqual([[{ label: { kind: 'index', size: 3 } }], 0])
    for (const network of [tinyNetwork(), tinyNetwork(), tinyNetwork({ width: 5 })])
      await checkValues(classification(), { network }, watched)
    expect(looks).toBe(1)
  })
})
