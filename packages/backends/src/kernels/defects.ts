import { cpuKernels } from './cpu/index.ts'
import { gradientRepairs } from './gradients/index.ts'
import { refusedGradients } from './gradients/refused.ts'
import { refusedKernels } from './missing-kernels.ts'
import { tensorflowGuards } from './tensorflow/guards.ts'
import { tensorflowKernels } from './tensorflow/index.ts'
import { wasmKernels } from './wasm/index.ts'
import { webgpuKernels } from './webgpu/index.ts'
import { webgpuGuards } from './webgpu/guards.ts'

/** Something of TensorFlow.js 4.22 that would train wrongly, slowly or not at all, and what became of it. */
export interface Defect {
  /** The backend that has it, or all of them. */
  readonly backend: string
  /** The kernel, or what else is concerned. */
  readonly what: string
  /** What is wrong without the repair, one line. */
  readonly problem: string
  readonly outcome: 'repaired' | 'refused' | 'avoided'
  /** What to use instead, where it is refused or avoided. */
  readonly instead?: string
}

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

const inBackend = (
  backend: string,
  kernels: readonly { readonly name: string; readonly problem: string }[],
  outcome: Defect['outcome'] = 'repaired',
) => kernels.map(({ name, problem }): Defect => ({ backend, what: name, problem, outcome }))

/**
 * Every defect that is known here. Kernels that a backend lacks are listed once `useBackend` has used it.
 *
 * @example defects().filter(({ outcome }) => outcome === 'refused')
 */
export function defects(): readonly Defect[] {
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
    ...inBackend('tensorflow', tensorflowKernels),
    ...inBackend('tensorflow', tensorflowGuards, 'refused'),
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
