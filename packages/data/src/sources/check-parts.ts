import { GpdError, type Fields, type FieldSpec } from '@gpdjs/core'
import type { SourceParts } from './source-parts.ts'

/** Further views of a field exist in training only. */
export const isView = (field: string): boolean => field.includes('/')

const isCount = (n: number): boolean => Number.isSafeInteger(n) && n > 0

/** @throws GpdError `data.mismatch` unless the parts of a source fit together */
export function checkParts({ size, fields, keys = {} }: SourceParts): void {
  if (!isCount(size)) {
    const problem = `source: expected at least one sample, got ${size}.`
    throw new GpdError('data.mismatch', problem, 'Leave the empty set out.')
  }
  for (const [name, { dtype, size: limit }] of Object.entries(fields)) {
    if (limit === undefined || (dtype === 'int32' && isCount(limit))) continue
    const problem = `source: expected the size of '${name}' to be an integer ≥ 1 of an int32 field, got ${limit} of ${dtype}.`
    throw new GpdError('data.mismatch', problem, 'Give entries 0 … size − 1 as int32.')
  }
  for (const [name, { length }] of Object.entries(keys)) {
    if (name in fields && length === size) continue
    const problem = `source: expected keys of a field, ${size} of them, got ${length} of '${name}'.`
    throw new GpdError('data.mismatch', problem, `There are the fields ${Object.keys(fields).join(', ')}.`)
  }
}

const described = (dtype: string, shape: readonly number[]): string => `${dtype} [${shape.join(', ')}]`

/** @throws GpdError `data.missing`, `data.mismatch` unless the samples that were read are what the source declares */
export function checkRead(
  found: Fields,
  expected: Readonly<Record<string, FieldSpec>>,
  { samples, training }: { readonly samples: number; readonly training: boolean },
): void {
  for (const [name, { dtype, shape }] of Object.entries(expected)) {
    if (isView(name) && !training) continue
    const tensor = found[name]
    const [right, seen] = [described(dtype, [samples, ...shape]), tensor && described(tensor.dtype, tensor.shape)]
    if (right === seen) continue
    const problem = `source: expected 'read' to return '${name}' as ${right}, got ${seen ?? 'none'}.`
    const fix = 'Change what is read, or the fields that the source declares.'
    throw new GpdError(tensor ? 'data.mismatch' : 'data.missing', problem, fix)
  }
}
