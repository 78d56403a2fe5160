import * as tf from '@tensorflow/tfjs'
import { apply } from '@gpdjs/core'
import type { TensorBatch } from '../data/batch-source.ts'
import type { Actor } from '../pipeline/actor.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'

/**
 * Remembers what a frozen teacher said about each image, so that it looks at every image once. Filled as images come
 * by: never more work than without, and none of it in advance.
 */
export class LogitsCache {
  readonly #logits: Float32Array
  readonly #known: Uint8Array
  readonly #classes: number

  constructor(
    private readonly actor: Actor,
    private readonly pipeline: Pipeline,
    size: number,
  ) {
    this.#classes = actor.network.classes
    this.#logits = new Float32Array(size * this.#classes)
    this.#known = new Uint8Array(size)
  }

  /** `[batch, classes]`; the caller disposes of it. */
  async logits({ xs, index }: TensorBatch): Promise<tf.Tensor2D> {
    const classes = this.#classes
    if (index.every((sample) => this.#known[sample] === 1)) {
      const rows = new Float32Array(index.length * classes)
      index.forEach((sample, row) =>
        rows.set(this.#logits.subarray(sample * classes, (sample + 1) * classes), row * classes),
      )
      return tf.tensor2d(rows, [index.length, classes])
    }
    const { network, parameters, statistics, input } = this.actor
    const logits = tf.tidy(
      () =>
        apply(network, parameters(this.pipeline.constants), statistics, input?.(xs) ?? xs, { training: false }).logits,
    )
    const values = await logits.data()
    index.forEach((sample, row) => {
      this.#logits.set(values.subarray(row * classes, (row + 1) * classes), sample * classes)
      this.#known[sample] = 1
    })
    return logits
  }
}

/** A cache for each teacher that allows one, where images look alike in every epoch. */
export function logitsCaches(pipeline: Pipeline, samples: number, augmented: boolean): Map<string, LogitsCache> {
  const cached = pipeline.actors.filter(({ cacheLogits }) => cacheLogits === true && !augmented)
  return new Map(cached.map((actor) => [actor.name, new LogitsCache(actor, pipeline, samples)]))
}
