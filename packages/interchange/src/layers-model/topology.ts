import { isRecord } from '@gpdjs/core'
import type { Refuse } from './check-layers.ts'

type Json = Readonly<Record<string, unknown>>

export const quoted = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 80)

/** Names that stand for a prototype in the tables that TensorFlow.js keeps, and a list of classes that only a program may give. */
const FORBIDDEN = ['__proto__', 'custom_objects', 'customObjects']

function checkKeys(value: object, refuse: Refuse): void {
  const key = FORBIDDEN.find((forbidden) => Object.hasOwn(value, forbidden))
  if (key !== undefined) throw refuse('keys of layers', quoted(key))
}

/** What initializers draw by. TensorFlow.js draws for ever from a truncated distribution without a width, or with one below 0. */
const WIDTHS = ['scale', 'stddev']
const PLACES = ['mean', 'minval', 'maxval', 'gain', 'value']

function checkInitializers(value: object, refuse: Refuse): void {
  for (const [key, initializer] of Object.entries(value)) {
    if (!key.endsWith('initializer') || !isRecord(initializer) || !isRecord(initializer['config'])) continue
    const { config } = initializer
    for (const name of [...WIDTHS, ...PLACES]) {
      const number = config[name] ?? 0
      if (typeof number !== 'number' || !Number.isFinite(number) || (WIDTHS.includes(name) && number < 0))
        throw refuse(`a number as ${name} of the ${key}`, quoted(number))
    }
  }
}

/** Classes that stand for a call of themselves as soon as they are made. */
const CALLED_WHEN_MADE = ['InputLayer', 'Functional', 'Model', 'Sequential']

interface Wired {
  readonly name: string
  readonly calls: readonly unknown[]
  /** Calls of it that others can read. */
  made: number
}

/** A layer of a functional model; nothing where it is one of a sequential model, which has no wires. */
function wiredLayer(layer: Json, refuse: Refuse): Wired | undefined {
  const { name, inbound_nodes: calls, config, class_name: className } = layer
  if (calls === undefined && !Object.hasOwn(layer, 'inboundNodes')) return undefined
  const own = isRecord(config) ? (config['name'] ?? name) : name
  if (typeof name !== 'string' || name === '__proto__' || own !== name)
    throw refuse('layers with one name', `${quoted(name)} and ${quoted(own)}`)
  if (!Array.isArray(calls) || Object.hasOwn(layer, 'inboundNodes'))
    throw refuse(`a list as inbound_nodes of layer ${quoted(name)}`, quoted(calls))
  return { name, calls, made: CALLED_WHEN_MADE.includes(String(className)) ? 1 : 0 }
}

/** What a call reads: `[layer, call of that layer, …]`. */
function isThere(input: unknown, layers: ReadonlyMap<string, Wired>): boolean {
  const [name, call] = Array.isArray(input) ? (input as unknown[]) : []
  return (layers.get(String(name))?.made ?? 0) > Number(call)
}

/**
 * Refuses wires that lead nowhere or in a circle: TensorFlow.js calls layers as soon as what they read is there, and tries again
 * for ever.
 */
function checkWires(layers: readonly Wired[], refuse: Refuse): void {
  const byName = new Map(layers.map((layer) => [layer.name, layer]))
  if (byName.size < layers.length) {
    const twice = layers.find((layer) => byName.get(layer.name) !== layer)!
    throw refuse('each layer once', `${quoted(twice.name)} twice`)
  }
  const inputsOf = (call: unknown): readonly unknown[] => (Array.isArray(call) ? call : [])
  let waiting = layers.flatMap((layer) => layer.calls.map((call) => ({ layer, inputs: inputsOf(call) })))
  while (waiting.length > 0) {
    const left = waiting.filter(({ layer, inputs }) => {
      const ready = inputs.every((input) => isThere(input, byName))
      // A call that reads nothing is not made.
      if (ready && inputs.length > 0) layer.made++
      return !ready
    })
    const [first] = left
    if (first !== undefined && left.length === waiting.length) {
      const input = first.inputs.find((each) => !isThere(each, byName))
      throw refuse(`what layer ${quoted(first.layer.name)} reads to come before it`, quoted(input))
    }
    waiting = left
  }
}

/**
 * Checks what TensorFlow.js does not look at before it builds a model: wires, numbers that initializers draw by, and
 * keys that would reach a prototype.
 * `checkLayers` has seen to it that every layer has a class.
 *
 * @throws what `refuse` makes
 */
export function checkWiring(topology: unknown, refuse: Refuse): void {
  const waiting = [topology]
  while (waiting.length > 0) {
    const value = waiting.pop()
    if (typeof value !== 'object' || value === null) continue
    checkKeys(value, refuse)
    checkInitializers(value, refuse)
    for (const inner of Object.values(value)) waiting.push(inner)
    const { layers } = value as { layers?: unknown }
    if (!Array.isArray(layers)) continue
    const wired = (layers as Json[]).map((layer) => wiredLayer(layer, refuse))
    checkWires(
      wired.filter((layer) => layer !== undefined),
      refuse,
    )
  }
}
