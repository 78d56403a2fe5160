import { GpdError, isGpdError } from '../errors.ts'
import { fillOptions } from '../options/fill.ts'
import * as kinds from '../options/kinds.ts'
import { needed, option, optional } from '../options/option.ts'
import { isRecord } from '../options/show.ts'
import { defineNetwork, IMAGE, LOGITS, type Network, type NetworkDefinition } from './network.ts'

/** The part of a network that is data: what to save. */
export function networkDefinition({ name, inputs, nodes, outputs, taps }: Network): NetworkDefinition {
  return { name, inputs, nodes, outputs, taps }
}

type Json = Readonly<Record<string, unknown>>

const shape = kinds.listOf(kinds.count, { least: 0, expected: 'a list of sizes' })

const FIELD = {
  shape: needed(shape),
  dtype: needed(kinds.oneOf('float32', 'int32')),
  size: optional(kinds.integer),
}

const NODE = {
  id: needed(kinds.text),
  op: needed(kinds.text),
  /** What they may hold is the op's to say. */
  attributes: option(kinds.object, {}),
  inputs: needed(kinds.listOf(kinds.text, { least: 0, expected: 'a list of names' })),
  trainable: optional(kinds.flag),
  mode: optional(kinds.oneOf('evaluation')),
}

const names = kinds.recordOf(kinds.text)

const DEFINITION = {
  name: needed(kinds.text),
  inputs: needed(kinds.recordOf(kinds.record(FIELD))),
  nodes: needed(kinds.listOf(kinds.record(NODE), { least: 0, expected: 'a list of nodes' })),
  outputs: needed(names),
  taps: option(names, {}),
}

const isShape = (value: unknown): boolean =>
  Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size > 0)

/** Networks used to have one image and one vector of logits, and no names for them. */
function ends({ inputs, outputs, inputShape, output }: Json): Json {
  if (!isShape(inputShape) || typeof output !== 'string') return { inputs, outputs }
  return { inputs: { [IMAGE]: { shape: inputShape, dtype: 'float32' } }, outputs: { [LOGITS]: output } }
}

/**
 * The network of a saved definition, checked. Definitions of before, with `inputShape` and `output`, are read as
 * `{ image }` → `{ logits }`. What else the object holds, beside the definition, is passed over.
 *
 * @param source where it comes from, for messages
 * @throws GpdError `checkpoint.corrupt` if it is not a network definition, naming the entry; what `defineNetwork` throws
 */
export function parseNetwork(json: unknown, source: string): Network {
  const saved = isRecord(json) ? json : {}
  const { name, nodes, taps } = saved
  return defineNetwork(readDefinition({ name, nodes, taps, ...ends(saved) }, source))
}

function readDefinition(saved: Json, source: string): NetworkDefinition {
  try {
    return fillOptions(source, DEFINITION, saved, { inFile: true })
  } catch (error) {
    if (!isGpdError(error)) throw error
    const problem = `${source}: expected a network definition (name, inputs, nodes, outputs, taps), but ${error.message}`
    throw new GpdError('checkpoint.corrupt', problem, undefined, { cause: error })
  }
}
