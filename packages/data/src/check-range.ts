import { GpdError, sizeOf, type EntryRule, type FieldSpec } from '@gpdjs/core'

/** Numbers as they are read back from a field. */
export type Entries = Uint8Array | Int32Array | Float32Array

/** How far a sum of shares may be from 1: roundings of float32, and shares that were written with three digits. */
const TOLERANCE = 1e-3

const plural = (name: string): string => (name.endsWith('s') ? name : `${name}s`)

/** What is wrong with entries by a rule: what was expected of a field, and the position of the first that is not so. */
interface Check {
  readonly expected: (field: string) => string
  /** −1 where all are right. */
  readonly find: (entries: Entries) => number
  readonly fix: (field: string) => string
}

const sumOf = (entries: Entries): number => Array.from(entries).reduce((sum, entry) => sum + entry, 0)

const isShare = (entry: number): boolean => entry >= 0 && entry <= 1

const indices = (size: number): Check => ({
  expected: (field) => `${plural(field)} 0 … ${size - 1}`,
  find: (entries) => entries.findIndex((entry: number) => !Number.isInteger(entry) || entry < 0 || entry >= size),
  fix: (field) => `Correct it, or raise the number of different ${plural(field)}.`,
})

const shares: Check = {
  expected: (field) => `every '${field}' from 0 to 1`,
  find: (entries) => entries.findIndex((entry: number) => !isShare(entry)),
  fix: () => 'Give 1 where it holds and 0 where not, or a share.',
}

/** @param values entries of one sample */
const distribution = (values: number): Check => ({
  expected: (field) => `each '${field}' to be at least 0 and of sum 1`,
  find(entries) {
    for (let at = 0; at < entries.length; at += values) {
      const own = entries.subarray(at, at + values)
      // Written so that NaN is wrong.
      const negative = own.findIndex((entry: number) => !(entry >= 0))
      if (negative >= 0) return at + negative
      if (!(Math.abs(sumOf(own) - 1) <= TOLERANCE)) return at
    }
    return -1
  },
  fix: () => 'Give the share of every class. Labels that hold or not, each by itself, take the task multiLabel().',
})

const checkOf = (rule: EntryRule, values: number): Check => {
  if (rule.kind === 'index') return indices(rule.size)
  return rule.kind === 'shares' ? shares : distribution(values)
}

/**
 * @param owner what messages call the data
 * @param shape of one sample
 * @param entries of all samples, one sample after the other
 * @param first the position of the first sample in the set
 * @throws GpdError `data.label-range` with the first entry that is against the rule and the sample's position
 */
export function checkRange(
  owner: string,
  field: string,
  { shape }: Pick<FieldSpec, 'shape'>,
  rule: EntryRule,
  entries: Entries,
  first = 0,
): void {
  const values = sizeOf(shape)
  const { expected, find, fix } = checkOf(rule, values)
  const at = find(entries)
  if (at < 0) return
  const sample = Math.floor(at / values)
  const found =
    rule.kind === 'distribution' ? [...entries.subarray(sample * values, (sample + 1) * values)] : [entries[at]]
  const shown = found.map((entry) => Number(entry!.toPrecision(6))).join(', ')
  const problem = `${owner}: expected ${expected(field)}, got ${shown} at index ${first + sample}.`
  throw new GpdError('data.label-range', problem, fix(field))
}
