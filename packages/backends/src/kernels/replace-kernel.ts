import * as tf from '@tensorflow/tfjs'
import { withGiven } from './given.ts'

const replaced = new WeakSet<object>()

/**
 * Registers a kernel in place of the stock one, if there is one; doing it twice changes nothing. The stock setup function
 * stays: the stock kernel may still be called, and a new backend instance runs it again.
 */
export function replaceKernel(
  backendName: string,
  kernelName: string,
  create: (stock: tf.KernelFunc | undefined) => tf.KernelFunc,
): void {
  const stock = tf.getKernel(kernelName, backendName) as tf.KernelConfig | undefined
  if (stock !== undefined && replaced.has(stock)) return
  const kernelFunc = withGiven(create(stock?.kernelFunc))
  const replacement: tf.KernelConfig = { ...stock, kernelName, backendName, kernelFunc }
  if (stock !== undefined) tf.unregisterKernel(kernelName, backendName)
  tf.registerKernel(replacement)
  replaced.add(replacement)
}
