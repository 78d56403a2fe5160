import { inBackend, type Defect } from '../defect.ts'
import { tensorflowGuards } from './guards.ts'
import { tensorflowKernels } from './index.ts'

/** What compiled TensorFlow and its binding get wrong, or are slow at. */
export const tensorflowDefects: readonly Defect[] = [
  ...inBackend('tensorflow', tensorflowKernels),
  ...inBackend('tensorflow', tensorflowGuards, 'refused'),
]
