import * as tf from '@tensorflow/tfjs'

/**
 * Calls a function that makes tensors and keeps them wherever it likes. If it throws, all of them are disposed of; if not,
 * all of them stay, as after a call without this.
 *
 * @param make synchronous
 * @throws what `make` throws
 * @example const moments = freeOnFailure(() => ({ mean: tf.zeros([8]), variance: tf.ones([8]) }))
 */
export function freeOnFailure<T>(make: () => T): T {
  const engine = tf.engine()
  engine.startScope('freeOnFailure')
  try {
    const made = make()
    for (const tensor of engine.state.activeScope.track) tf.keep(tensor)
    return made
  } finally {
    engine.endScope()
  }
}
