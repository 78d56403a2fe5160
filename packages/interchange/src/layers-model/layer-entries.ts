import * as tf from '@tensorflow/tfjs'
import type { ConvertedLayer } from './layer.ts'

type Told = Pick<ConvertedLayer, 'name' | 'note' | 'refuse'>

type Entries = readonly (readonly [key: string, value: unknown])[]

/** What a layer was built with, and a record of which of its entries have been asked for. */
export interface LayerEntries {
  readonly read: (key: string) => unknown
  readonly unread: () => Entries
}

export function entriesOf(layer: tf.layers.Layer): LayerEntries {
  const config: Readonly<Record<string, unknown>> = layer.getConfig()
  // TensorFlow.js writes another entry for some: the depthwiseConstraint of DepthwiseConv2D is null there.
  const held = layer as unknown as Readonly<Record<string, unknown>>
  const value = (key: string) => config[key] ?? held[key]
  const asked = new Set<string>()
  return {
    read: (key) => {
      asked.add(key)
      return value(key)
    },
    unread: () =>
      Object.keys(config)
        .filter((key) => !asked.has(key))
        .map((key) => [key, value(key)]),
  }
}

/** What becomes of entries that no converter reads. */
interface Rule {
  /** Of a layer's `getConfig()`. */
  readonly keys: RegExp
  /** Values that say nothing, beside null: the entry is at its default. Absent: all of them. */
  readonly silent?: (value: unknown) => boolean
  readonly note?: (layer: string, key: string, value: unknown) => string
}

/** `L1L2 {"l1":0,"l2":0.01}`, of a regularizer or constraint or of what Keras writes for one. */
function described(value: unknown): string {
  if (value instanceof tf.serialization.Serializable)
    return described({ className: value.getClassName(), config: value.getConfig() })
  const { className, config } = value as { readonly className?: string; readonly config?: unknown }
  return className === undefined ? JSON.stringify(value) : `${className} ${JSON.stringify(config)}`
}

const RULES: readonly Rule[] = [
  // The id of the node, its shapes, and what the conversion itself looks at.
  { keys: /^(name|batchInputShape|trainable)$/ },
  // How weights began, and they are here.
  { keys: /Initializer$/ },
  {
    keys: /Regularizer$/,
    note: (layer, key, value) =>
      `'${layer}' had the ${key} ${described(value)}, which is not taken over: give the optimizer a weight decay instead.`,
  },
  {
    keys: /Constraint$/,
    note: (layer, key, value) =>
      `'${layer}' had the ${key} ${described(value)}, which is not taken over: training will not keep to it.`,
  },
  {
    keys: /^dtype$/,
    silent: (value) => value === 'float32',
    note: (layer, _, value) => `'${layer}' had the dtype ${JSON.stringify(value)}; the network computes in float32.`,
  },
  {
    keys: /^seed$/,
    note: (layer, _, value) => `'${layer}' had the seed ${JSON.stringify(value)}; a run draws from its own.`,
  },
  { keys: /^sparse$/, silent: (value) => value === false },
]

/**
 * One rule for every entry of a layer that its converter has not asked for: silent at its default, else a note, and a refusal
 * where nothing is known of it.
 */
export function judgeUnread(layer: Told, unread: Entries): void {
  for (const [key, value] of unread) {
    if (value === null || value === undefined) continue
    const rule = RULES.find(({ keys }) => keys.test(key))
    const silent = rule?.silent ?? (() => rule !== undefined && rule.note === undefined)
    if (silent(value)) continue
    if (rule?.note === undefined)
      layer.refuse(`has ${key} ${JSON.stringify(value)}, which has no counterpart.`, 'Leave it at its default.')
    layer.note(rule.note(layer.name, key, value))
  }
}
