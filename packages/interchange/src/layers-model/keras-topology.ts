import { isRecord } from '@gpdjs/core'

type Json = Readonly<Record<string, unknown>>

/** Names of activations that Keras 3 writes and TensorFlow.js has under another. */
const ACTIVATIONS: Readonly<Record<string, string>> = { silu: 'swish' }

/** What is one thing in Keras and another with the same meaning in TensorFlow.js, by the class that Keras names. */
const CLASSES: Readonly<
  Record<string, (config: Json) => { readonly class_name: string; readonly config: Json } | undefined>
> = {
  // Keras 3 calls the slope so.
  LeakyReLU: ({ negative_slope: alpha, ...config }) =>
    alpha === undefined ? undefined : { class_name: 'LeakyReLU', config: { ...config, alpha } },
  // One with a slope is a LeakyReLU, unless it is bounded too.
  ReLU: ({ negative_slope: alpha, max_value: ceiling, threshold, ...config }) =>
    alpha && !threshold && (ceiling ?? null) === null
      ? { class_name: 'LeakyReLU', config: { ...config, alpha } }
      : undefined,
  L1: (config) => ({ class_name: 'L1L2', config: { l1: config['l1'] ?? 0.01, l2: 0 } }),
  L2: (config) => ({ class_name: 'L1L2', config: { l1: 0, l2: config['l2'] ?? 0.01 } }),
}

/** What else Keras writes as an object and TensorFlow.js reads as a text. */
function asText({ class_name: kind, config }: Json): string | undefined {
  if (kind === 'function' && typeof config === 'string') return config
  const isPolicy = kind === 'DTypePolicy' || kind === 'Policy'
  const name = isPolicy && isRecord(config) ? config['name'] : undefined
  return typeof name === 'string' ? name : undefined
}

/** `[layer, node, tensor]` of a tensor that an argument of Keras 3 stands for. */
const historyOf = (value: unknown): unknown =>
  isRecord(value) && value['class_name'] === '__keras_tensor__' && isRecord(value['config'])
    ? value['config']['keras_history']
    : undefined

/** A call of a layer: `{ args, kwargs }` in Keras 3, `[[layer, node, tensor, kwargs], …]` before. */
function call(value: unknown): unknown {
  if (!isRecord(value) || !Array.isArray(value['args'])) return value
  const { args, kwargs = {} } = value
  return (args as unknown[]).flat(2).flatMap((argument) => {
    const history = historyOf(argument)
    return Array.isArray(history) ? [[...(history as unknown[]), kwargs]] : []
  })
}

/** A list of `[layer, node, tensor]`, which Keras 3 leaves out where there is one. */
const ends = (value: unknown): unknown => (Array.isArray(value) && typeof value[0] === 'string' ? [value] : value)

function entry(key: string, value: unknown): readonly [key: string, value: unknown] {
  if (key === 'inbound_nodes' && Array.isArray(value)) return [key, value.map(call)]
  if (key === 'input_layers' || key === 'output_layers') return [key, ends(value)]
  const plain = kerasTopology(value)
  if (key === 'batch_shape') return ['batch_input_shape', plain]
  return [key, key.endsWith('activation') && typeof plain === 'string' ? (ACTIVATIONS[plain] ?? plain) : plain]
}

/** Only those of objects with a class; Keras 3 writes them beside it. */
const OF_KERAS_3 = ['module', 'registered_name', 'build_config', 'compile_config']

/**
 * A topology of Keras, any version, as Keras 2 wrote it and TensorFlow.js reads it: `batch_shape`, policies of dtypes,
 * functions, arguments of calls, and classes that have another name there.
 */
export function kerasTopology(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(kerasTopology)
  if (!isRecord(value)) return value
  const text = asText(value)
  if (text !== undefined) return text
  const isObject = typeof value['class_name'] === 'string'
  const own = Object.entries(value).filter(([key]) => !isObject || !OF_KERAS_3.includes(key))
  const plain: Json = Object.fromEntries(own.map(([key, each]) => entry(key, each)))
  const { class_name: kind, config } = plain
  const translate = typeof kind === 'string' && Object.hasOwn(CLASSES, kind) ? CLASSES[kind] : undefined
  return { ...plain, ...(isRecord(config) ? translate?.(config) : undefined) }
}
