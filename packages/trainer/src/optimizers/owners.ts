import { GpdError, namePattern, type NamePattern } from '@gpdjs/core'

/** Which tensors something is about: a pattern in which `*` stands for any characters, or a function of the name. */
export type TensorPattern = NamePattern

/** Some tensors of a run, under one name. */
export interface Owner {
  readonly name: string
  readonly tensors: TensorPattern
  /** `tensors` as a function. */
  readonly matches: (name: string) => boolean
  /** Matches, and no owner before it does. */
  readonly owns: (name: string) => boolean
}

/** Adds to each what it matches and owns. */
export function owners<T extends Pick<Owner, 'name' | 'tensors'>>(given: readonly T[]): readonly (T & Owner)[] {
  const matching = given.map((one) => ({ ...one, matches: namePattern(one.tensors) }))
  const firstOf = (name: string) => matching.findIndex(({ matches }) => matches(name))
  return matching.map((one, i) => ({ ...one, owns: (name) => firstOf(name) === i }))
}

function quoted(names: readonly string[]): string {
  const first = names.slice(0, 3).map((name) => `'${name}'`)
  return first.join(', ') + (names.length > 3 ? ` and ${names.length - 3} more` : '')
}

/** @throws GpdError `config.invalid` for a tensor without owner, or an owner without tensors */
export function checkOwners(all: readonly Owner[], tensors: readonly string[]): void {
  const stray = tensors.filter((name) => !all.some(({ owns }) => owns(name)))
  if (stray.length > 0)
    throw new GpdError(
      'config.invalid',
      `partition: no group owns ${quoted(stray)}.`,
      "Add a last group for the rest: { tensors: '*', optimizer: frozen() }, or one that trains.",
    )
  const idle = all.filter(({ owns }) => !tensors.some(owns))
  if (idle.length > 0)
    throw new GpdError(
      'config.invalid',
      `partition: no tensor belongs to ${idle.map((owner) => reason(owner, all, tensors)).join('; nor to ')}.`,
      `The tensors of this run are ${quoted(tensors)}; the first group that matches owns a tensor.`,
    )
}

/** Why an owner has no tensor: none matches, or others come first. */
function reason({ name, tensors, matches }: Owner, all: readonly Owner[], names: readonly string[]): string {
  const matching = names.filter((tensor) => matches(tensor))
  const earlier = all.filter(({ owns }) => matching.some(owns)).map((owner) => owner.name)
  const pattern = typeof tensors === 'string' ? ` (${tensors})` : ''
  return `'${name}'${pattern}${earlier.length > 0 ? `: ${quoted(earlier)} before it has all that match` : ''}`
}
