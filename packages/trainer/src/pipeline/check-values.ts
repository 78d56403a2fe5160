import type { BatchSource, EntryRule, EntryRules, Network, Task } from '@gpdjs/core'
import { checkEntries } from '@gpdjs/data'

type Networks = Readonly<Record<string, Network>>

/** Inputs of whole numbers, such as tokens: below the smallest size that a network declares. */
function inputRules(networks: Networks): EntryRules {
  const sized = Object.values(networks).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([name, { size }]) => (size === undefined ? [] : [[name, size] as const])),
  )
  const rules: Record<string, EntryRule & { readonly kind: 'index' }> = {}
  for (const [name, size] of sized) rules[name] = { kind: 'index', size: Math.min(size, rules[name]?.size ?? size) }
  return rules
}

/** Sources without a check of their own that were looked through, by the rules. */
const seen = new WeakMap<BatchSource, Map<string, Promise<void>>>()

/** A look through the batches, once for the same rules: an evaluation in every epoch does not repeat it. */
function lookThrough(source: BatchSource, rules: EntryRules): Promise<void> {
  const own = seen.get(source) ?? new Map<string, Promise<void>>()
  seen.set(source, own)
  const key = JSON.stringify(rules)
  const looking = own.get(key) ?? checkEntries(source, rules)
  own.set(key, looking)
  return looking
}

/**
 * Checks the values of a source: what its fields declare, what the networks' inputs do, and what the task says of its own. By
 * the source's own check, or by a look through its batches.
 *
 * @throws GpdError `data.label-range`
 */
export async function checkValues(task: Task, networks: Networks, source: BatchSource): Promise<void> {
  const rules = { ...inputRules(networks), ...task.entries?.(networks, source.fields) }
  await (source.check ? source.check(rules) : lookThrough(source, rules))
}
