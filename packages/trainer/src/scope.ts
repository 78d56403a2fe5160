import type { TensorRecord } from '@gpdjs/core'

/** `{ a }` → `{ 'scope/a' }`. Several owners keep their tensors in one record under different first names. */
export const inScope = <T>(scope: string, record: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [`${scope}/${name}`, value]))

/** `{ 'scope/a', 'other/b' }` → `{ a }`. */
export function scopeOf<R extends TensorRecord>(scope: string, record: R): Record<string, R[string]> {
  const prefix = `${scope}/`
  return Object.fromEntries(
    Object.entries(record)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, tensor]) => [name.slice(prefix.length), tensor as R[string]]),
  )
}
