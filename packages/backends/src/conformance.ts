import { useBackend } from './use-backend.ts'
import type { BackendName, BackendReport } from './adapters/adapter.ts'
import { isGpdError } from '@gpdjs/core'
import { conformanceCases, type ConformanceCase } from './conformance/all.cases.ts'
import {
  evaluate,
  evaluateAll,
  finiteDifferenceErrors,
  largestError,
  type Evaluation,
} from './conformance/conformance.runner.ts'

/** What one case came to on one backend. */
export interface ConformanceResult {
  readonly name: string
  /** Relative to the largest number compared (cpu: to the norm of the gradient); infinite where it threw. */
  readonly error: number
  readonly limit: number
  readonly ok: boolean
  /** Whether the backend refuses the case with a GpdError, as it should. */
  readonly refused?: boolean
}

/** Gradients of the cpu backend against central differences of float32 values. */
const DIFFERENCE_LIMIT = 2e-3
/** Values and gradients of the others against the cpu backend. */
const AGREEMENT_LIMIT = 1e-5

const judged = (name: string, error: number, limit: number): ConformanceResult => ({
  name,
  error,
  limit,
  ok: error < limit,
})

async function againstDifferences(subject: ConformanceCase): Promise<ConformanceResult> {
  const errors = subject.differentiable === false ? {} : await finiteDifferenceErrors(subject, await evaluate(subject))
  return judged(subject.name, Math.max(0, ...Object.values(errors)), DIFFERENCE_LIMIT)
}

const againstCpu = async (subject: ConformanceCase, reference: Evaluation): Promise<ConformanceResult> =>
  judged(subject.name, await largestError(subject, reference), AGREEMENT_LIMIT)

/** A case that a backend cannot compute must throw a GpdError, and no number may come out. */
async function refusalOf(subject: ConformanceCase): Promise<ConformanceResult> {
  const isRefused = await evaluate(subject).then(
    () => false,
    (error: unknown) => isGpdError(error) && error.code === 'backend.unsupported',
  )
  return { name: subject.name, error: isRefused ? 0 : Infinity, limit: 0, ok: isRefused, refused: true }
}

/**
 * Runs every op and loss of the project, forward and backward, on a backend: the cpu backend against finite
 * differences, any other against the cpu backend. Leaves that backend chosen.
 *
 * @throws GpdError `backend.missing` or `backend.unknown`
 * @example
 * const { report, results } = await runConformance('wasm')
 * console.log(report.version, results.filter(({ ok }) => !ok))
 */
export async function runConformance(
  backend: BackendName,
): Promise<{ readonly report: BackendReport; readonly results: readonly ConformanceResult[] }> {
  const cpu = await useBackend('cpu')
  const results: ConformanceResult[] = []
  if (backend === 'cpu') {
    for (const subject of conformanceCases) results.push(await againstDifferences(subject))
    return { report: cpu, results }
  }
  const references = await evaluateAll(conformanceCases)
  const report = await useBackend(backend)
  for (const subject of conformanceCases) {
    const isRefused = subject.refusedBy?.includes(backend) ?? false
    results.push(isRefused ? await refusalOf(subject) : await againstCpu(subject, references.get(subject.name)!))
  }
  return { report, results }
}

export { defects } from './conformance/defects.ts'
export type { Defect } from './kernels/defect.ts'
export { conformanceCases, type ConformanceCase }
