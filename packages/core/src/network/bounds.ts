import type { ChannelLayout } from '../axes/axes.ts'
import {
  checkSegments,
  checkSize,
  countSegments,
  LARGEST_PARAMETER,
  LARGEST_RESULT,
  LONGEST_NAME,
  MOST_SEGMENTS_IN_ALL,
} from '../axes/limits.ts'
import { axesShape } from '../axes/parameters.ts'
import { GpdError } from '../errors.ts'
import type { FieldSpec } from '../fields.ts'
import type { Inferred } from '../ops/op.ts'

/** The names in a network's definition. */
interface Named {
  readonly name: string
  readonly nodes: readonly { readonly id: string; readonly op: string }[]
  readonly inputs: object
  readonly outputs: object
  readonly taps: object
}

/** Results, tensors and ends are kept in records by these names; `__proto__` would be no entry but another prototype. */
export function checkNames({ name, inputs, nodes, outputs, taps }: Named): void {
  const ends = [inputs, outputs, taps].flatMap((each) => Object.keys(each))
  const names = [name, ...nodes.flatMap(({ id, op }) => [id, op]), ...ends]
  const long = names.find(({ length }) => length > LONGEST_NAME)
  if (long !== undefined) {
    const problem = `expected names of at most ${LONGEST_NAME} characters, got one of ${long.length}: '${long.slice(0, 40)}…'.`
    throw new GpdError('network.invalid', problem, 'Rename it.')
  }
  if (names.includes('__proto__'))
    throw new GpdError('network.invalid', `Network '${name}': nothing may be called '__proto__'.`, 'Rename it.')
}

/** @throws GpdError `network.shape` for an input that no network of a usable size has */
export const checkInput = (name: string, { shape }: FieldSpec): void =>
  checkSize(`Input '${name}'`, shape, LARGEST_RESULT)

/** Keeps what is inferred of a network within bounds, node by node, before anything of that size is made. */
export class Bounds {
  #segments = 0

  /** @throws GpdError `network.shape` before a node reads channels in too many pieces */
  reads(node: string, layouts: readonly ChannelLayout[]): void {
    checkSegments(node, countSegments(layouts))
  }

  /** @throws GpdError `network.shape` if a node makes a result or a parameter that is too large */
  makes(node: string, { shape, channels, parameters = [], statistics = [] }: Inferred): void {
    checkSize(`Node '${node}'`, shape, LARGEST_RESULT)
    for (const { name, axes } of [...parameters, ...statistics])
      checkSize(`Node '${node}': ${name}`, axesShape(axes), LARGEST_PARAMETER)
    const own = [...parameters, ...statistics].flatMap(({ axes }) => axes.map(({ segments }) => segments))
    this.#segments += countSegments([channels, ...own])
    checkSegments(node, this.#segments, MOST_SEGMENTS_IN_ALL)
  }
}
