import { GpdError } from '../errors.ts'
import type { FieldSpec } from '../fields.ts'
import type { Shape } from '../shape.ts'
import { defineNetwork, IMAGE, LOGITS, type Network, type NetworkDefinition, type NetworkNode } from './network.ts'

/** The part of a network that is data: what to save. */
export function networkDefinition({ name, inputs, nodes, outputs, taps }: Network): NetworkDefinition {
  return { name, inputs, nodes, outputs, taps }
}

type Json = Readonly<Record<string, unknown>>

const isRecord = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

const isShape = (value: unknown): value is Shape =>
  Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size > 0)

const isField = (value: unknown): value is FieldSpec =>
  isRecord(value) &&
  isShape(value['shape']) &&
  (value['dtype'] === 'float32' || value['dtype'] === 'int32') &&
  (value['size'] === undefined || Number.isSafeInteger(value['size']))

const isNode = (value: unknown): value is NetworkNode =>
  isRecord(value) &&
  typeof value['id'] === 'string' &&
  typeof value['op'] === 'string' &&
  Array.isArray(value['inputs']) &&
  ['undefined', 'boolean'].includes(typeof value['trainable']) &&
  [undefined, 'evaluation'].includes(value['mode'] as undefined)

const hasOnly = <T>(record: unknown, is: (value: unknown) => value is T): record is Readonly<Record<string, T>> =>
  isRecord(record) && Object.values(record).every(is)

const isString = (value: unknown): value is string => typeof value === 'string'

/** Networks used to have one image and one vector of logits, and no names for them. */
function ends({ inputs, outputs, inputShape, output }: Json): Json {
  if (!isShape(inputShape) || !isString(output)) return { inputs, outputs }
  return { inputs: { [IMAGE]: { shape: inputShape, dtype: 'float32' } }, outputs: { [LOGITS]: output } }
}

/**
 * The network of a saved definition, checked. Definitions of before, with `inputShape` and `output`, are read as
 * `{ image }` → `{ logits }`.
 *
 * @param source where it comes from, for messages
 * @throws GpdError `checkpoint.corrupt` if it is not a network definition; what `defineNetwork` throws
 */
export function parseNetwork(json: unknown, source: string): Network {
  const saved = isRecord(json) ? json : {}
  const { name, nodes, taps = {} } = saved
  const { inputs, outputs } = ends(saved)
  const wellFormed =
    isString(name) &&
    Array.isArray(nodes) &&
    nodes.every(isNode) &&
    hasOnly(inputs, isField) &&
    hasOnly(outputs, isString) &&
    hasOnly(taps, isString)
  if (wellFormed) return defineNetwork({ name, inputs, nodes, outputs, taps })
  throw new GpdError(
    'checkpoint.corrupt',
    `${source}: expected a network definition (name, inputs, nodes, outputs, taps).`,
  )
}
