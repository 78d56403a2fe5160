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

/** What is wrong with kernels of a backend, and what became of it. */
export const inBackend = (
  backend: string,
  kernels: readonly { readonly name: string; readonly problem: string }[],
  outcome: Defect['outcome'] = 'repaired',
) => kernels.map(({ name, problem }): Defect => ({ backend, what: name, problem, outcome }))
