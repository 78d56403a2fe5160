import * as tf from '@tensorflow/tfjs'
import { isRecord, type GpdError } from '@gpdjs/core'
import { registerNormalization } from './normalization-layer.ts'
import { checkPassedOver } from './passed-over.ts'

export type Refuse = (expected: string, found: string) => GpdError

interface Reader {
  readonly source: string
  readonly onWarning: (message: string) => void
}

const quoted = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 80)

interface ListedLayer {
  readonly className: unknown
  readonly config: unknown
}

/** Every layer of a topology, those of models inside models too. */
export function* layersOf(topology: unknown): Generator<ListedLayer> {
  const waiting = [topology]
  while (waiting.length > 0) {
    const value = waiting.pop()
    if (typeof value !== 'object' || value === null) continue
    waiting.push(...(Object.values(value) as unknown[]))
    const { layers } = value as { layers?: unknown }
    for (const layer of Array.isArray(layers) ? (layers as unknown[]) : []) {
      const { class_name: className, config } = isRecord(layer) ? layer : {}
      yield { className, config }
    }
  }
}

const isOfKeras3 = (topology: unknown): boolean =>
  isRecord(topology) && typeof topology['keras_version'] === 'string' && /^[3-9]/.test(topology['keras_version'])

/** Refuses layers of classes that TensorFlow.js does not have and that are not registered, and what it would pass over. */
export function checkLayers(topology: unknown, { source, onWarning }: Reader, refuse: Refuse): void {
  for (const { className, config } of layersOf(topology)) {
    if (className === 'Normalization') registerNormalization()
    const known = tf.serialization.SerializationMap.getMap().classNameMap
    const name = isRecord(config) ? config['name'] : undefined
    if (typeof className !== 'string' || !Object.hasOwn(known, className))
      throw refuse('layers of TensorFlow.js, or registered ones', `class ${quoted(className)} of layer ${quoted(name)}`)
    if (!isRecord(config)) continue
    const where = `of layer ${quoted(name)} (${className})`
    // relu6(x + 3) / 6 there, clip(x / 5 + 1 / 2, 0, 1) here and before.
    if (isOfKeras3(topology) && config['activation'] === 'hard_sigmoid')
      throw refuse('activations of TensorFlow.js', `the hard_sigmoid of Keras 3 ${where}, which is another function`)
    checkPassedOver(className, config, {
      refuse: (entry) => refuse('what TensorFlow.js reads', `${entry} ${where}, which it would pass over`),
      unmade: (problem) => refuse('layers that TensorFlow.js can make', `${where.slice(3)}: ${problem}`),
      warn: (entry) => onWarning(`${source}: ${entry} ${where} is not taken over: TensorFlow.js does not read it.`),
    })
  }
}
