import { useBackend } from './backends/use-backend.ts'
import type { BackendName, BackendReport } from './backends/adapter.ts'
import { conformanceCases, type ConformanceCase } from './kernels/conformance.cases.ts'
import { evaluate, evaluateAll, finiteDifferenceErrors, largestError } from './kernels/conformance.runner.ts'

/** What one case came to on one backend. */
export interface ConformanceResult {
  readonly name: string
  /** Relative to the largest number compared (cpu: to the norm of the gradient); infinite where it threw. */
  readonly error: number
  readonly limit: number
  readonly ok: boolean
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
    const error = await largestError(subject, references.get(subject.name)!)
    results.push(judged(subject.name, error, AGREEMENT_LIMIT))
  }
  return { report, results }
}

export { conformanceCases, type ConformanceCase }
