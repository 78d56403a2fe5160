import * as tf from '@tensorflow/tfjs'
import type { BatchSource, EntryRule, EntryRules, FieldSpec } from '@gpdjs/core'
import { checkRange, type Entries } from '../check-range.ts'

/** Samples that are looked at together. */
const CHUNK = 250

/** What is demanded of every field: the rules, and the sizes that fields declare. The smaller of two sizes counts. */
export function rulesOf(fields: Readonly<Record<string, FieldSpec>>, rules: EntryRules = {}): EntryRules {
  const declared = Object.entries(fields).flatMap(([name, { size }]): [string, EntryRule][] =>
    size === undefined ? [] : [[name, { kind: 'index', size }]],
  )
  const merged: Record<string, EntryRule> = Object.fromEntries(declared)
  for (const [name, rule] of Object.entries(rules)) {
    const own = merged[name]
    if (!(name in fields)) continue
    merged[name] =
      rule.kind === 'index' && own?.kind === 'index' ? { kind: 'index', size: Math.min(rule.size, own.size) } : rule
  }
  return merged
}

/** Whether a field exists outside of training. */
const isLasting = (field: string): boolean => !field.includes('/')

/**
 * Looks through the batches of any source, once, for entries that are against a rule; of sources that know their entries
 * `check` is quicker. Views are left out.
 *
 * @throws GpdError `data.label-range` with field, entry and position of the sample
 * @example await checkEntries(source, { label: { kind: 'index', size: 10 } })
 */
export async function checkEntries(source: BatchSource, rules?: EntryRules): Promise<void> {
  const demanded = Object.entries(rulesOf(source.fields, rules)).filter(([name]) => isLasting(name))
  if (demanded.length === 0) return
  let first = 0
  for (const batch of source.batches({ batchSize: CHUNK, seed: 0, epoch: 0, training: false })) {
    try {
      for (const [name, rule] of demanded) {
        const entries = (await batch.fields[name]!.data()) as Entries
        checkRange('source', name, source.fields[name]!, rule, entries, first)
      }
    } finally {
      tf.dispose({ ...batch.fields })
    }
    first += batch.index.length
  }
}
