import { GpdError, sizeOf, type FieldSpec } from '@gpdjs/core'

/** Whole numbers as they are read back from a field. */
export type Entries = Uint8Array | Int32Array | Float32Array

const plural = (name: string): string => (name.endsWith('s') ? name : `${name}s`)

/**
 * @param owner what messages call the data
 * @param entries of all samples, one sample after the other
 * @throws GpdError `data.label-range` with the first entry that is none of 0 … size − 1 and the sample's position
 */
export function checkRange(
  owner: string,
  field: string,
  { size, shape }: Pick<FieldSpec, 'size' | 'shape'>,
  entries: Entries,
): void {
  if (size === undefined) return
  const at = entries.findIndex((entry: number) => !Number.isInteger(entry) || entry < 0 || entry >= size)
  if (at < 0) return
  const sample = Math.floor(at / sizeOf(shape))
  const problem = `${owner}: expected ${plural(field)} 0 … ${size - 1}, got ${entries[at]} at index ${sample}.`
  throw new GpdError('data.label-range', problem, `Correct it, or raise the number of different ${plural(field)}.`)
}
