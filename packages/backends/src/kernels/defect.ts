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

/** What kernels of a backend repair, as defects of that backend. */
export const inBackend = (backend: string, kernels: readonly { readonly name: string; readonly repairs: string }[]) =>
  kernels.map(({ name, repairs }): Defect => ({ backend, what: name, problem: repairs, outcome: 'repaired' }))
