/*
 * TensorFlow.js passes a flat record of tensors to a kernel. Here lists of tensors are put into one and taken out again;
 * the length of each list travels with the attributes, so that empty lists and gaps are kept.
 */
type Inputs<T> = Readonly<Record<string, T | undefined | readonly (T | undefined)[]>>

export interface WireAttributes {
  readonly lengths: Readonly<Record<string, number>>
}

export interface WireCall<T> {
  readonly inputs: Record<string, T>
  readonly attrs: WireAttributes
}

/** The name that an entry of a list has on its own. */
export const inputInList = (list: string, index: number): string => `${list}/${index}`

const isList = <T>(input: T | readonly T[]): input is readonly T[] => Array.isArray(input)

export function encodeCall<T extends object>(given: Inputs<T> | object, attributes: object): WireCall<T> {
  const inputs: Record<string, T> = {}
  const lengths: Record<string, number> = {}
  const add = (name: string, tensor: T | undefined) => {
    if (tensor !== undefined) inputs[name] = tensor
  }
  for (const [name, input] of Object.entries(given as Inputs<T>)) {
    if (isList(input)) {
      lengths[name] = input.length
      input.forEach((tensor, i) => add(inputInList(name, i), tensor))
    } else add(name, input)
  }
  return { inputs, attrs: { ...attributes, lengths } }
}

export function decodeCall<T extends object>(
  flat: Readonly<Record<string, T>>,
  { lengths, ...attributes }: WireAttributes,
): { readonly inputs: Inputs<T>; readonly attributes: object } {
  const lists = Object.entries(lengths).map(([name, length]) => [
    name,
    Array.from({ length }, (_, i) => flat[inputInList(name, i)]),
  ])
  return { inputs: { ...flat, ...Object.fromEntries(lists) }, attributes }
}
