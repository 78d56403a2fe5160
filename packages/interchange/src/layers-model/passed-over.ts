import * as tf from '@tensorflow/tfjs'
import { isRecord } from '@gpdjs/core'
import { converters } from './converters/index.ts'

type Json = Readonly<Record<string, unknown>>

/** What becomes of an entry of a file that TensorFlow.js does not read. */
interface Report {
  readonly refuse: (entry: string) => Error
  /** For a layer that TensorFlow.js does not make, with its message. */
  readonly unmade: (problem: string) => Error
  readonly warn: (entry: string) => void
}

/** Values of such entries that say nothing. Any other is refused. */
const SILENT: Readonly<Record<string, unknown>> = {
  autocast: true,
  data_format: 'channels_last',
  dtype: 'float32',
  groups: 1,
  invert: false,
  keepdims: false,
  negative_slope: 0,
  ragged: false,
  renorm: false,
  rms_scaling: false,
  sparse: false,
  synchronized: false,
  threshold: 0,
}

/** They are about the beginning of weights, which are in the file. */
const OF_THE_BEGINNING = /_initializer$/

/** They change nothing of what the model computes. */
const OF_TRAINING = /^(dtype|.*_(regularizer|constraint))$/

const camelCase = (key: string): string => key.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())

/** As TensorFlow.js turns the words of a file into its own; names stay as they are. */
function inCamelCase(value: unknown): unknown {
  if (typeof value === 'string') return camelCase(value)
  if (Array.isArray(value)) return value.map(inCamelCase)
  if (!isRecord(value)) return value
  const entries = Object.entries(value).map(([key, each]) => [
    camelCase(key),
    key === 'name' ? each : inCamelCase(each),
  ])
  return Object.fromEntries(entries) as Json
}

const isScalar = (value: unknown): boolean => typeof value === 'number' || typeof value === 'boolean'

/** What the layer that TensorFlow.js makes of an entry says of itself. */
function keptOf(className: string, config: Json, { unmade }: Report): Json {
  const [layerClass, fromConfig] = tf.serialization.SerializationMap.getMap().classNameMap[className]!
  try {
    return (fromConfig(layerClass as never, inCamelCase(config) as never) as tf.layers.Layer).getConfig()
  } catch (error) {
    throw unmade((error as Error).message)
  }
}

/**
 * Compares a layer of a file with what TensorFlow.js makes of it: an entry that it passes over, `groups` or `negative_slope`
 * for example, would change what the model computes without a word.
 *
 * @param config of a layer of a class that is converted; others are left to TensorFlow.js
 * @throws what `report.refuse` and `report.unmade` make
 */
export function checkPassedOver(className: string, config: Json, report: Report): void {
  if (!Object.hasOwn(converters, className)) return
  const kept = keptOf(className, config, report)
  for (const [key, value] of Object.entries(config)) {
    if (value === null || value === undefined || OF_THE_BEGINNING.test(key)) continue
    const read = kept[camelCase(key)] ?? undefined
    if (read !== undefined && (!isScalar(read) || !isScalar(value) || read === value)) continue
    if (read === undefined && SILENT[key] === value) continue
    const found = `${key} ${JSON.stringify(value)}`
    if (!OF_TRAINING.test(key)) throw report.refuse(found)
    report.warn(found)
  }
}
