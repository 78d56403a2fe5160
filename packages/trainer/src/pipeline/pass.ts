import { kinds, needed, optional, type FieldSpec, type Fields } from '@gpdjs/core'
import type { Actor } from './actor.ts'

/** An actor on the fields of a batch, or on a further view of them. Each distinct pass is computed once in a step. */
export interface Pass {
  readonly actor: string
  /** The network reads `<input>/<view>` in place of `<input>` where there is such a field. Default: the batch itself. */
  readonly view?: string | undefined
  /** Taps that are read, beside the outputs. Default none. */
  readonly taps?: readonly string[]
}

const names = kinds.listOf(kinds.text, { least: 0, expected: 'a list of names' })

/** `Pass` as objects of users are checked. */
export const passKind = kinds.members<Pass>("a pass such as { actor: 'student' }", {
  actor: needed(kinds.text),
  view: optional(kinds.text),
  taps: optional(names),
})

/** `student`, or `student@strong` on a view: equal for passes that are computed as one. */
export const passName = ({ actor, view }: Pass): string => (view === undefined ? actor : `${actor}@${view}`)

/** The name of the field that an input reads on a view. */
export function fieldOf(input: string, view: string | undefined, fields: Fields | Readonly<Record<string, FieldSpec>>) {
  const name = `${input}/${view}`
  return view !== undefined && name in fields ? name : input
}

/** What a pass's network reads, by the names of its inputs. */
export function inputsOf({ network }: Actor, { view }: Pass, fields: Fields): Fields {
  return Object.fromEntries(Object.keys(network.inputs).map((input) => [input, fields[fieldOf(input, view, fields)]!]))
}
