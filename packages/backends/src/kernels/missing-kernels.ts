import * as tf from '@tensorflow/tfjs'
import { GpdError } from '@gpdjs/core'
import { replaceKernel } from './replace-kernel.ts'

const namesOf = (backendName: string) =>
  new Set(tf.getKernelsForBackend(backendName).map(({ kernelName }) => kernelName))

const refused = new Map<string, readonly string[]>()

/** Kernels that a backend lacks and that are not added here: calling one is refused. */
export const refusedKernels = (backendName: string): readonly string[] => refused.get(backendName) ?? []

/** Registers an error for each kernel that the cpu backend has and this one lacks; doing it twice changes nothing. */
export function refuseMissingKernels(backendName: string): void {
  if (refused.has(backendName)) return
  const own = namesOf(backendName)
  const missing = [...namesOf('cpu')].filter((name) => !own.has(name)).sort()
  for (const name of missing) {
    replaceKernel(backendName, name, () => () => {
      throw new GpdError(
        'backend.unsupported',
        `The backend '${backendName}' has no kernel ${name}.`,
        `Compute it on another backend (useBackend('cpu') has it), outside the network.`,
      )
    })
  }
  refused.set(backendName, missing)
}
