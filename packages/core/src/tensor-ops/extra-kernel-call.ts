/*
 * TensorFlow.js passes a flat record of tensors to a kernel. Here lists of tensors are put into one and taken out again;
 * the length of each list is passed with the attributes, so that empty lists and gaps are kept.
 */
type Inputs<T> = Readonly<Record<string, T | undefined | readonly (T | undefined)[]>>

export interface WireAttributes {
  /** Absent if there are no lists: most calls need no work here. */
  readonly lengths?: Readonly<Record<string, number>>
}

export interface WireCall<T> {
  readonly inputs: Record<string, T>
  readonly attrs: WireAttributes
}

/** The name that an entry of a list has on its own. */
export const inputInList = (list: string, index: number): string => `${list}/${index}`

const isList = <T>(input: T | readonly T[]): input is readonly T[] => Array.isArray(input)

// Loops rather than copies: a training step makes hundreds of calls, and most have no lists.
export function encodeCall<T extends object>(given: Inputs<T> | object, attributes: object): WireCall<T> {
  const inputs: Record<string, T> = {}
  let lengths: Record<string, number> | undefined
  for (const name in given) {
    const input = (given as Inputs<T>)[name]
    if (input === undefined) continue
    if (isList(input)) {
      lengths ??= {}
      lengths[name] = input.length
      for (let i = 0; i < input.length; i++) if (input[i] !== undefined) inputs[inputInList(name, i)] = input[i]!
    } else inputs[name] = input
  }
  return { inputs, attrs: lengths === undefined ? attributes : { ...attributes, lengths } }
}

export function decodeCall<T extends object>(
  flat: Readonly<Record<string, T>>,
  attrs: WireAttributes,
): { readonly inputs: Inputs<T>; readonly attributes: object } {
  const { lengths } = attrs
  if (lengths === undefined) return { inputs: flat, attributes: attrs }
  const inputs: Record<string, T | readonly (T | undefined)[]> = { ...flat }
  for (const name in lengths)
    inputs[name] = Array.from({ length: lengths[name]! }, (_, i) => flat[inputInList(name, i)])
  return { inputs, attributes: attrs }
}
