import { importTensorflow } from '../adapters/tensorflow.ts'
import { isNode } from '../adapters/runtime.ts'
import { cpuKernels } from '../kernels/cpu/index.ts'
import { inBackend, type Defect } from '../kernels/defect.ts'
import { gradientRepairs } from '../kernels/gradients/index.ts'
import { refusedGradients } from '../kernels/gradients/refused.ts'
import { refusedKernels } from '../kernels/missing-kernels.ts'
import { wasmKernels } from '../kernels/wasm/index.ts'
import { webgpuKernels } from '../kernels/webgpu/index.ts'
import { webgpuGuards } from '../kernels/webgpu/guards.ts'

/** Found before any kernel runs, so it cannot be repaired there. */
const avoided: readonly Defect[] = [
  {
    backend: 'every',
    what: 'randomNormal, truncatedNormal',
    problem: 'take seed 0 for no seed',
    outcome: 'avoided',
    instead: 'randomStream',
  },
  {
    backend: 'every',
    what: 'dropout',
    problem: 'draws the same mask at every call if it has a seed, and none that can be drawn again if it has none',
    outcome: 'avoided',
    instead: 'the op dropout',
  },
  {
    backend: 'every',
    what: 'util.shuffle',
    problem: 'draws from Math.random',
    outcome: 'avoided',
    instead: 'permutation with a randomStream',
  },
  {
    backend: 'every',
    what: 'conv2d, pools',
    problem: 'compute the width of the result from the height of the window if the padding is a number',
    outcome: 'avoided',
    instead: 'explicit padding, or windows as high as wide',
  },
  {
    backend: 'every',
    what: 'softmax',
    problem: 'throws for any axis but the last',
    outcome: 'avoided',
    instead: 'transpose first',
  },
]

/**
 * Every defect that is known here. Kernels that a backend lacks are listed once `useBackend` has used it, and those of
 * the backend `tensorflow` in Node only.
 *
 * @example (await defects()).filter(({ outcome }) => outcome === 'refused')
 */
export async function defects(): Promise<readonly Defect[]> {
  return [
    ...gradientRepairs.map(({ kernel, problem }): Defect => ({
      backend: 'every',
      what: `gradient of ${kernel}`,
      problem,
      outcome: 'repaired',
    })),
    ...refusedGradients.map(({ kernel, instead }): Defect => ({
      backend: 'every',
      what: `gradient of ${kernel}`,
      problem: 'is missing',
      outcome: 'refused',
      instead,
    })),
    ...inBackend('cpu', cpuKernels),
    ...inBackend('wasm', wasmKernels),
    ...inBackend('webgpu', webgpuKernels),
    ...webgpuGuards,
    ...(isNode() ? (await importTensorflow()).tensorflowDefects : []),
    ...['wasm', 'webgpu', 'tensorflow'].flatMap((backend) =>
      refusedKernels(backend).map((name): Defect => ({
        backend,
        what: name,
        problem: 'is missing',
        outcome: 'refused',
        instead: "useBackend('cpu')",
      })),
    ),
    ...avoided,
  ]
}
