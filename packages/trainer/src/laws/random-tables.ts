import { concat, dense, embedding, fieldProducts, graph, mixFields, sumChannels, type Network } from '@gpdjs/core'
import fc from 'fast-check'

const FIELDS = 4
const VALUES = 12

export interface TableRecipe {
  readonly width: number
  readonly mixed: boolean
  readonly products: readonly ('inner' | 'outer')[]
}

export const tableRecipe: fc.Arbitrary<TableRecipe> = fc.record({
  width: fc.integer({ min: 1, max: 4 }),
  mixed: fc.boolean(),
  products: fc.array(fc.constantFrom('inner' as const, 'outer' as const), { minLength: 1, maxLength: 3 }),
})

/** `ids [4]` → `logits [2]`: the sums of the products of each order, as in KD-DAGFM. */
export function fieldMachine({ width, mixed, products }: TableRecipe): Network {
  const g = graph({ name: 'field-machine', inputs: { ids: { shape: [FIELDS], dtype: 'int32', size: VALUES } } })
  const rows = g.add('embed', embedding({ units: width, vocabulary: VALUES }), 'ids')
  const first = mixed ? g.add('mix', mixFields(), rows) : rows
  const orders = products.reduce(
    (states, form, i) => [...states, g.add(`order${i}`, fieldProducts({ form }), states.at(-1)!, first)],
    [first],
  )
  const sums = orders.map((state, i) => g.add(`sums${i}`, sumChannels(), state))
  return g.build(g.add('fc', dense({ units: 2 }), g.add('all', concat(), ...sums)))
}
