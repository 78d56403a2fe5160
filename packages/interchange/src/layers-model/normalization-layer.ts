import * as tf from '@tensorflow/tfjs'

/** What Keras puts in place of a deviation of nothing. */
export const LEAST_DEVIATION = 1e-7

interface NormalizationConfig {
  readonly name?: string
  readonly axis?: number | readonly number[] | null
  /** Constants, where the layer was not adapted to data. */
  readonly mean?: number | readonly number[] | null
  readonly variance?: number | readonly number[] | null
  readonly invert?: boolean
}

/**
 * Keras' Normalization, which TensorFlow.js has no layer for: `(x − mean) / √variance` for each entry of the last axis. The
 * moments are constants of its config or weights that were adapted to data; training moves neither.
 */
class Normalization extends tf.layers.Layer {
  static readonly className = 'Normalization'
  readonly #config: NormalizationConfig

  constructor(config: NormalizationConfig) {
    super(config as ConstructorParameters<typeof tf.layers.Layer>[0])
    this.#config = config
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const shape = [(inputShape as tf.Shape).at(-1)!]
    if (this.#config.mean === undefined || this.#config.mean === null) {
      this.addWeight('mean', shape, 'float32', tf.initializers.zeros(), undefined, false)
      this.addWeight('variance', shape, 'float32', tf.initializers.ones(), undefined, false)
      this.addWeight('count', [], 'int32', tf.initializers.zeros(), undefined, false)
    }
    this.built = true
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape | tf.Shape[] {
    return inputShape
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const x = tf.cast([inputs].flat()[0]!, 'float32')
      const { mean, variance } = this.#config
      const [center, squares] = [mean ?? this.weights[0]!.read(), variance ?? this.weights[1]!.read()]
      const deviation = tf.maximum(tf.sqrt(squares as tf.TensorLike), LEAST_DEVIATION)
      return this.#config.invert === true
        ? tf.add(tf.mul(x, deviation), center as tf.TensorLike)
        : tf.div(tf.sub(x, center as tf.TensorLike), deviation)
    })
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { axis = -1, mean = null, variance = null, invert = false } = this.#config
    return { ...super.getConfig(), axis, mean, variance, invert } as tf.serialization.ConfigDict
  }
}

/** Makes the class known to `tf.loadLayersModel`, unless another of its name is. */
export function registerNormalization(): void {
  const { classNameMap } = tf.serialization.SerializationMap.getMap()
  if (!Object.hasOwn(classNameMap, Normalization.className)) tf.serialization.registerClass(Normalization)
}
