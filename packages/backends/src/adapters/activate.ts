import * as tf from '@tensorflow/tfjs'
import { GpdError } from '@gpdjs/core'

/**
 * Makes a registered backend the current one and waits until it can compute.
 *
 * @param fix what to do if it does not start
 * @throws GpdError `backend.missing` if it is not registered or does not start
 */
export async function activate(name: string, fix?: string): Promise<void> {
  if (tf.findBackendFactory(name) === null) {
    throw new GpdError(
      'backend.missing',
      `TensorFlow.js has no backend '${name}': its package was loaded for another copy of TensorFlow.js.`,
      'Install one version of every @tensorflow package.',
    )
  }
  if (!(await tf.setBackend(name))) throw new GpdError('backend.missing', `The backend '${name}' did not start.`, fix)
  await tf.ready()
}
