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

/**
 * Checks the values of a source: what its fields declare, what the networks' inputs do, and what the task says of its own. By
 * the source's own check, or by a look through its batches.
 *
 * @throws GpdError `data.label-range`
 */
export async function checkValues(task: Task, networks: Networks, source: BatchSource): Promise<void> {
  const rules = { ...inputRules(networks), ...task.entries?.(networks, source.fields) }
  await (source.check ? source.check(rules) : checkEntries(source, rules))
}
